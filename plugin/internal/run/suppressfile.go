package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// suppressFile is looked for beside each values file and each manifest.
const suppressFile = ".coder-ha.yaml"

// The keys of the file, which docs/coder-ha.schema.json describes.
const (
	suppressKey = "skip"
	idKey       = "id"
	untilKey    = "until"
)

// suppression is one entry of the file.
type suppression struct {
	ID string
	// Until is the last day on which it counts, in UTC; zero where it has no end.
	Until time.Time
}

// ended says whether the last day is over.
func (s suppression) ended(now time.Time) bool {
	return !s.Until.IsZero() && !now.Before(s.Until.AddDate(0, 0, 1))
}

// readSuppressFile reads the entries of a file; a file that is not there has none.
// No error quotes the file, but for a key that is nearly the right one.
func readSuppressFile(ctx context.Context, path string) ([]suppression, error) {
	text, err := limits.ReadFile(ctx, path, limits.Suppress)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := suppressedIn(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// suppressedIn reads the entries in the text of a file.
func suppressedIn(text []byte) ([]suppression, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, notSuppressions(place(err), "")
	}
	if file.IsZero() || file.Content[0].Tag == "!!null" {
		return nil, nil
	}
	values, err := fieldsOf(file.Content[0], suppressKey)
	if err != nil {
		return nil, err
	}
	list := resolved(values[suppressKey])
	if list == nil || list.Tag == "!!null" {
		return nil, nil
	}
	if list.Kind != yaml.SequenceNode {
		return nil, notSuppressions(lineOf(list), "")
	}
	var out []suppression
	for _, node := range list.Content {
		entry, err := suppressionOf(resolved(node))
		if err != nil {
			return nil, err
		}
		out = append(out, entry)
	}
	return out, nil
}

// suppressionOf reads an entry: an id, or a map with one and the last day.
func suppressionOf(node *yaml.Node) (suppression, error) {
	if node.Tag == "!!str" {
		return suppression{ID: node.Value}, nil
	}
	values, err := fieldsOf(node, idKey, untilKey)
	if err != nil {
		return suppression{}, err
	}
	id, until := resolved(values[idKey]), resolved(values[untilKey])
	if id == nil || id.Tag != "!!str" {
		return suppression{}, notSuppressions(lineOf(node), ": an entry has no id")
	}
	out := suppression{ID: id.Value}
	if until == nil {
		return out, nil
	}
	if out.Until, err = time.Parse(time.DateOnly, until.Value); err != nil {
		return suppression{}, notSuppressions(lineOf(until), ": until is not a date such as 2027-01-31")
	}
	return out, nil
}

// fieldsOf are the values of a map that has these keys and no others.
func fieldsOf(node *yaml.Node, keys ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, notSuppressions(lineOf(node), "")
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if !slices.Contains(keys, key.Value) {
			return nil, notSuppressions(lineOf(key), keyHint(key.Value, keys))
		}
		if out[key.Value] != nil {
			return nil, notSuppressions(lineOf(key), fmt.Sprintf(": %s is there twice", key.Value))
		}
		out[key.Value] = node.Content[i+1]
	}
	return out, nil
}

// resolved is what an alias stands for.
func resolved(node *yaml.Node) *yaml.Node {
	if node != nil && node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// notSuppressions says what the file must hold.
func notSuppressions(line, hint string) error {
	return fmt.Errorf("it must hold a list under the key %s, in which each entry is the id of a check, or %s and %s, and nothing else%s%s", suppressKey, idKey, untilKey, line, hint)
}

// keyHint names a key that was meant to be the right one.
func keyHint(key string, keys []string) string {
	if hint := nearest.Hint(key, keys); hint != "" {
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
