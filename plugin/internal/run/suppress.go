package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// suppressFile is looked for beside each values file and each manifest.
const suppressFile = ".coder-ha.yaml"

// flagSkip is the flag that names checks to leave out.
const flagSkip = "--skip"

// idPattern is what an id may look like, mistyped or not. Anything else in a file
// may be there by mistake, and be a secret.
var idPattern = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

// suppressed are the checks to leave out, with who asked for it: --skip, the
// files beside what was read, and annotations of the objects. An id that no
// check has is worth a word on standard error, and no more.
func (r Request) suppressed(ctx context.Context, found *facts.Facts, streams Streams) (map[string]string, error) {
	by := map[string]string{}
	if found.Deployment != nil {
		maps.Copy(by, found.Deployment.Ignored)
	}
	files := r.Source.Files()
	if r.Facts.In != "" {
		files = []string{r.Facts.In}
	}
	for _, dir := range directories(files) {
		path := filepath.Join(dir, suppressFile)
		ids, err := readSuppressFile(ctx, path)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			by[id] = path
		}
	}
	for _, id := range r.Judging.Skip {
		by[id] = flagSkip
	}
	known := IDs()
	for _, id := range slices.Sorted(maps.Keys(by)) {
		switch {
		case slices.Contains(known, id):
		case by[id] != flagSkip && !idPattern.MatchString(id):
			streams.Say("unknown check in " + by[id] + ": it is not shown, for it does not look like the id of a check")
		default:
			streams.Say(fmt.Sprintf("unknown check %q in %s%s", id, by[id], nearest.Hint(id, known)))
		}
	}
	return by, nil
}

// IDs are the ids of all checks, in the order of reports.
func IDs() []string {
	var ids []string
	for _, c := range checks.All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// directories are those of the files that were read, each once.
func directories(files []string) []string {
	var out []string
	for _, file := range files {
		if dir := filepath.Dir(file); file != "-" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

// readSuppressFile reads the ids of a file; a file that is not there has none. No
// error quotes the file, but for a key that is nearly the right one.
func readSuppressFile(ctx context.Context, path string) ([]string, error) {
	text, err := limits.ReadFile(ctx, path, limits.Suppress)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return suppressedIn(text, path)
}

// suppressedIn reads the ids in the text of a file.
func suppressedIn(text []byte, path string) ([]string, error) {
	refused := func(line, hint string) error {
		return fmt.Errorf("%s: it must hold a list of check ids under the key %s, and nothing else%s%s", path, suppressKey, line, hint)
	}
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, refused(place(err), "")
	}
	if file.IsZero() {
		return nil, nil
	}
	content := file.Content[0]
	if content.Tag == "!!null" {
		return nil, nil
	}
	if content.Kind != yaml.MappingNode {
		return nil, refused(lineOf(content), "")
	}
	for i := 0; i < len(content.Content); i += 2 {
		if key := content.Content[i]; key.Value != suppressKey {
			return nil, refused(lineOf(key), keyHint(key.Value))
		}
	}
	var ids map[string][]string
	if err := content.Decode(&ids); err != nil {
		return nil, refused(place(err), "")
	}
	return ids[suppressKey], nil
}

// suppressKey is the one key of the file.
const suppressKey = "skip"

// keyHint names a key that was meant to be the right one.
func keyHint(key string) string {
	if hint := nearest.Hint(key, []string{suppressKey}); hint != "" {
		return fmt.Sprintf(": unknown key %q%s", key, hint)
	}
	return ""
}

// lineOf says in which line a node is.
func lineOf(node *yaml.Node) string { return fmt.Sprintf(" (line %d)", node.Line) }

// linePattern finds where the decoder stopped. Its own words may quote the file.
var linePattern = regexp.MustCompile(`line (\d+)`)

// place says in which line an error is, as far as that is known.
func place(err error) string {
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		return " (line " + m[1] + ")"
	}
	return ""
}
