package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
	k8syaml "sigs.k8s.io/yaml"
)

// Into decodes the object into a type of the Kubernetes API, by the rules that
// kubectl uses. A field of the wrong type is an error that names file, line,
// object and field.
func (o Object) Into(typed any) error {
	text, err := yaml.Marshal(lastKeys(o.root()))
	if err != nil {
		return fmt.Errorf("%s:%d: %s: %w", o.File, o.root().Line, o, err)
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
		want, remedy := expected(wrong.Type)
		return fmt.Errorf("%s: %s: %s must be %s, not %s: %s", position(o.File, line), o, field, want, article(wrong.Value), remedy)
	}
	return fmt.Errorf("%s: %s: %w", position(o.File, o.Line()), o, err)
}

// wrongType finds the field that the decoder complained of. The decoder names
// the fields but not the indexes of lists, so the first scalar of the wrong
// kind that is reached by these fields is taken.
func (o Object) wrongType(wrong *json.UnmarshalTypeError) (line int, field string) {
	// Names of embedded Go structs begin with a capital, fields do not.
	fields := slices.DeleteFunc(strings.Split(wrong.Field, "."), func(name string) bool { return name != "" && unicode.IsUpper(rune(name[0])) })
	field = strings.Join(fields, ".")
	node := o.firstWrong(o.root(), fields, wrong.Value)
	if node == nil || o.Rendered {
		return 0, field
	}
	return node.Line, field
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
		if strings.HasPrefix(kind, jsonKinds[node.Tag]) && jsonKinds[node.Tag] != "" || kind == "bool" && oldBool(node) {
			return node
		}
		return nil
	}
	return o.firstWrong(Child(node, fields[0]), fields[1:], kind)
}

// expected names a type of the API for people, and says how to write it.
func expected(t reflect.Type) (what, remedy string) {
	switch t.Kind() {
	case reflect.String:
		return "a string", "put it in quotes"
	case reflect.Bool:
		return "a bool", "write true or false without quotes"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return "a number", "write it without quotes"
	case reflect.Slice, reflect.Array:
		return "a list", "begin each item with a dash"
	default:
		return "a mapping", "write it as keys with values"
	}
}

// article puts the article before what the decoder says was found.
func article(found string) string {
	kind, _, _ := strings.Cut(found, " ")
	if strings.HasPrefix(kind, "a") || strings.HasPrefix(kind, "o") {
		return "an " + kind
	}
	return "a " + kind
}

// oldBool says whether a text without quotes is a bool in YAML 1.1, which is what
// the API server reads.
func oldBool(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Style == 0 &&
		slices.Contains([]string{"y", "n", "yes", "no", "on", "off"}, strings.ToLower(node.Value))
}

func position(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// lastKeys is the node without the keys that a later one of the same mapping
// replaces, for decoders that refuse duplicates.
//
// An alias becomes what it stands for: its anchor may be in another object of the
// same document.
func lastKeys(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	out := *node
	out.HeadComment, out.LineComment, out.FootComment, out.Anchor = "", "", "", ""
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
