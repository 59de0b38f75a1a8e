package run

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// flagSkip is the flag that names checks to leave out.
const flagSkip = "--skip"

// idPattern is what an id may look like, mistyped or not. Anything else in a file
// may be there by mistake, and be a secret.
var idPattern = regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)

// suppressed are the checks to leave out, with who asked for it: --skip, the
// files beside what was read, and annotations of the objects. An id that no
// check has is worth a word on standard error, and no more.
func (r Request) suppressed(ctx context.Context, found *facts.Facts, streams Streams) (map[string]string, error) {
	by, from := map[string]string{}, map[string]string{}
	var ended []suppression
	if found.Deployment != nil {
		maps.Copy(by, found.Deployment.Ignored)
		maps.Copy(from, found.Deployment.Ignored)
	}
	files := r.Source.Files()
	if r.Facts.In != "" {
		files = []string{r.Facts.In}
	}
	for _, dir := range directories(files) {
		path := filepath.Join(dir, suppressFile)
		entries, err := readSuppressFile(ctx, path)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			switch {
			case e.ended(found.Now):
				ended = append(ended, e)
			case e.Until.IsZero():
				by[e.ID] = path
			default:
				by[e.ID] = path + " until " + e.Until.Format(time.DateOnly)
			}
			from[e.ID] = path
		}
	}
	for _, id := range r.Judging.Skip {
		by[id], from[id] = flagSkip, flagSkip
	}
	known := IDs()
	for _, id := range slices.Sorted(maps.Keys(from)) {
		switch {
		case slices.Contains(known, id):
		case from[id] != flagSkip && !idPattern.MatchString(id):
			streams.Say("unknown check in " + from[id] + ": it is not shown, for it does not look like the id of a check")
		default:
			streams.Say(fmt.Sprintf("unknown check %q in %s%s", id, from[id], nearest.Hint(id, known)))
		}
	}
	for _, e := range ended {
		if _, again := by[e.ID]; !again && slices.Contains(known, e.ID) {
			streams.Say(fmt.Sprintf("%s is judged again: its suppression in %s ended on %s", e.ID, from[e.ID], e.Until.Format(time.DateOnly)))
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
