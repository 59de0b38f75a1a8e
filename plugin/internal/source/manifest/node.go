package manifest

import (
	"strconv"

	"gopkg.in/yaml.v3"
)

// Child follows a path of keys (strings) and indexes (ints) from a node; it is
// nil where the path ends. Where a key stands twice the last one counts, as it
// does for the API server.
func Child(node *yaml.Node, path ...any) *yaml.Node {
	for _, step := range path {
		for node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		if node == nil {
			return nil
		}
		switch step := step.(type) {
		case string:
			node = value(node, step)
		case int:
			if node.Kind != yaml.SequenceNode || step >= len(node.Content) {
				return nil
			}
			node = node.Content[step]
		}
	}
	return node
}

// value is what a mapping has under a key: its own, or else what it merges from
// others.
func value(node *yaml.Node, key string) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	var merged *yaml.Node
	for i := len(node.Content) - 2; i >= 0; i -= 2 {
		switch {
		case node.Content[i].Value == key:
			return node.Content[i+1]
		case node.Content[i].Tag == "!!merge":
			merged = node.Content[i+1]
		}
	}
	switch {
	case merged == nil:
		return nil
	case merged.Kind == yaml.SequenceNode:
		for _, from := range merged.Content {
			if found := value(from, key); found != nil {
				return found
			}
		}
		return nil
	default:
		return value(merged, key)
	}
}

func scalar(node *yaml.Node, path ...any) string {
	if n := Child(node, path...); n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return n.Value
	}
	return ""
}

// Node is the node at a path of the object, nil where there is none.
func (o Object) Node(path ...any) *yaml.Node { return Child(o.root(), path...) }

// Line is the line of the field at the path, or of the nearest field above it.
// It is 0 where the object was rendered from a template.
func (o Object) Line(path ...any) int {
	if o.Rendered {
		return 0
	}
	for n := len(path); n > 0; n-- {
		if node := o.Node(path[:n]...); node != nil {
			return node.Line
		}
	}
	return o.root().Line
}

// Field writes a path as kubectl does: spec.containers[0].env.
func Field(path ...any) string {
	var field string
	for _, step := range path {
		switch step := step.(type) {
		case string:
			if field != "" {
				field += "."
			}
			field += step
		case int:
			field += "[" + strconv.Itoa(step) + "]"
		}
	}
	return field
}
