package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
	k8syaml "sigs.k8s.io/yaml"
)

// Into decodes the object into a type of the Kubernetes API, by the rules that
// kubectl uses. A field of the wrong type is an error that names file, line,
// object and field.
func (o Object) Into(typed any) error {
	text, err := yaml.Marshal(lastKeys(o.node))
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", o.File, o.node.Line, o, err)
	}
	// k8syaml.Unmarshal would turn true into "true"; the API server does not.
	text, err = k8syaml.YAMLToJSON(text)
	if err == nil {
		err = json.Unmarshal(text, typed)
	}
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		line, field := o.wrongType(wrong)
		return fmt.Errorf("%s: %s: %s must be a %s, not a %s: quote it or correct it", position(o.File, line), o, field, wrong.Type, wrong.Value)
	}
	return fmt.Errorf("%s: %s: %w", position(o.File, o.Line()), o, err)
}

// wrongType finds the field that the decoder complained of. The decoder names
// the fields but not the indexes of lists, so the first scalar of the wrong
// kind that is reached by these fields is taken.
func (o Object) wrongType(wrong *json.UnmarshalTypeError) (line int, field string) {
	node := o.firstWrong(o.node, strings.Split(wrong.Field, "."), wrong.Value)
	if node == nil || o.Rendered {
		return 0, wrong.Field
	}
	return node.Line, wrong.Field
}

// jsonKinds maps YAML's tags to the words of encoding/json.
var jsonKinds = map[string]string{"!!bool": "bool", "!!int": "number", "!!float": "number", "!!str": "string", "!!map": "object", "!!seq": "array"}

func (o Object) firstWrong(node *yaml.Node, fields []string, kind string) *yaml.Node {
	if node == nil {
		return nil
	}
	if node.Kind == yaml.SequenceNode && len(fields) > 0 {
		for _, item := range node.Content {
			if found := o.firstWrong(item, fields, kind); found != nil {
				return found
			}
		}
		return nil
	}
	if len(fields) == 0 {
		if strings.HasPrefix(kind, jsonKinds[node.Tag]) && jsonKinds[node.Tag] != "" {
			return node
		}
		return nil
	}
	return o.firstWrong(Child(node, fields[0]), fields[1:], kind)
}

func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// lastKeys is the node without the keys that a later one of the same mapping
// replaces, for decoders that refuse duplicates.
func lastKeys(node *yaml.Node) *yaml.Node {
	out := *node
	out.HeadComment, out.LineComment, out.FootComment = "", "", ""
	out.Content = nil
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			out.Content = append(out.Content, lastKeys(child))
		}
		return &out
	}
	at := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, val := node.Content[i], lastKeys(node.Content[i+1])
		if j, seen := at[key.Value]; seen && key.Value != "<<" {
			out.Content[j+1] = val
			continue
		}
		at[key.Value] = len(out.Content)
		out.Content = append(out.Content, lastKeys(key), val)
	}
	return &out
}
