package chart

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// Origins remembers where the user's values stand, so that a finding about a
// rendered object can name the line that the user can change.
type Origins struct {
	env       map[string][]place
	documents []document
}

// document is a values file.
type document struct {
	file string
	root *yaml.Node
}

// place is an entry of a list of environment variables in the user's values.
type place struct {
	file  string
	line  int
	value string
}

// Env finds the entry of the user's values that a rendered environment variable
// comes from: the last one of that name, an equal value first.
func (o Origins) Env(name, value string) (file string, line int, ok bool) {
	places := o.env[name]
	for _, p := range slices.Backward(places) {
		if p.value == value {
			return p.file, p.line, true
		}
	}
	if len(places) == 0 {
		return "", 0, false
	}
	last := places[len(places)-1]
	return last.file, last.line, true
}

func (o *Origins) add(name string, p place) {
	if o.env == nil {
		o.env = map[string][]place{}
	}
	o.env[name] = append(o.env[name], p)
}

// addText reads a values file.
func (o *Origins) addText(text []byte, name string) error {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		if len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := limits.Document(&doc, name); err != nil {
		return err
	}
	o.addNode(&doc, name)
	o.documents = append(o.documents, document{name, doc.Content[0]})
	return nil
}

func (o *Origins) addNode(node *yaml.Node, file string) {
	if node.Kind == yaml.MappingNode {
		var name, value *yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			switch node.Content[i].Value {
			case "name":
				name = node.Content[i+1]
			case "value":
				value = node.Content[i+1]
			}
		}
		if name != nil && name.Kind == yaml.ScalarNode {
			p := place{file: file, line: name.Line}
			if value != nil {
				p.line, p.value = value.Line, value.Value
			}
			o.add(name.Value, p)
		}
	}
	for _, child := range node.Content {
		o.addNode(child, file)
	}
}

// addFlags reads the values that stand on the command line. Helm has merged
// them without an error before, so one that does not parse alone is passed over.
func (o *Origins) addFlags(v values.Options) {
	for _, set := range valueFlags(v) {
		merged := map[string]any{}
		for _, text := range set.texts {
			if parsed, err := set.parse(text); err == nil {
				mergeInto(merged, parsed)
			}
		}
		o.addTree(merged, set.flag)
	}
}

// mergeInto adds the entries of one flag to those of the flags before it, so
// that a list entry whose name and value come from two flags is one again.
func mergeInto(into, from map[string]any) {
	for key, value := range from {
		switch value := value.(type) {
		case map[string]any:
			if old, ok := into[key].(map[string]any); ok {
				mergeInto(old, value)
				continue
			}
		case []any:
			if old, ok := into[key].([]any); ok {
				into[key] = mergeLists(old, value)
				continue
			}
		}
		into[key] = value
	}
}

func mergeLists(old, items []any) []any {
	for i, item := range items {
		switch {
		case i >= len(old):
			old = append(old, item)
		case item == nil:
		default:
			before, ok1 := old[i].(map[string]any)
			now, ok2 := item.(map[string]any)
			if ok1 && ok2 {
				mergeInto(before, now)
			} else {
				old[i] = item
			}
		}
	}
	return old
}

func (o *Origins) addTree(tree any, flag string) {
	switch tree := tree.(type) {
	case map[string]any:
		if name, ok := tree["name"].(string); ok {
			value, has := tree["value"]
			p := place{file: flag}
			if has {
				p.value = fmt.Sprint(value)
			}
			o.add(name, p)
		}
		for _, child := range tree {
			o.addTree(child, flag)
		}
	case []any:
		for _, child := range tree {
			o.addTree(child, flag)
		}
	}
}
