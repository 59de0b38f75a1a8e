// Command generate writes charts/coder/files/values.json: what the templates must
// know of the chart's own values, and cannot read from values.yaml and
// values.schema.json themselves.
//
//	generate CHART
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate CHART")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// known is the file that is written.
type known struct {
	// Comment says where the file comes from.
	Comment string `json:"comment"`
	// Defaults are those of values.yaml.
	Defaults map[string]any `json:"defaults"`
	// Keys are those that the schema names.
	Keys node `json:"keys"`
}

// node is what the templates know of one value.
type node struct {
	// Boolean says that the value is true or false.
	Boolean bool `json:"boolean,omitempty"`
	// Open says that the object may have other keys than these.
	Open bool `json:"open,omitempty"`
	// Keys are those of an object of the chart's own; none for an object of the
	// user's or of Kubernetes.
	Keys map[string]node `json:"keys,omitempty"`
	// Items describes the objects of a list.
	Items *node `json:"items,omitempty"`
}

// schema is what is read of a JSON schema.
type schema struct {
	Type       types             `json:"type"`
	Properties map[string]schema `json:"properties"`
	Additional json.RawMessage   `json:"additionalProperties"`
	Items      *schema           `json:"items"`
}

// types is one type or a list of them.
type types []string

// UnmarshalJSON reads both forms.
func (t *types) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		*t = types{""}
		return json.Unmarshal(text, &(*t)[0])
	}
	return json.Unmarshal(text, (*[]string)(t))
}

func (s schema) node() node {
	n := node{
		Boolean: slices.Contains(s.Type, "boolean"),
		Open:    string(s.Additional) == "true",
	}
	for name, property := range s.Properties {
		if n.Keys == nil {
			n.Keys = map[string]node{}
		}
		n.Keys[name] = property.node()
	}
	if s.Items != nil && len(s.Items.Properties) > 0 {
		items := s.Items.node()
		n.Items = &items
	}
	return n
}

func run(chart string) error {
	out := known{Comment: "Made of values.yaml and values.schema.json by make generate."}
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return fmt.Errorf("read the defaults: %w", err)
	}
	if err := yaml.Unmarshal(text, &out.Defaults); err != nil {
		return fmt.Errorf("read the defaults of %s: %w", chart, err)
	}
	text, err = os.ReadFile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	var top schema
	if err := json.Unmarshal(text, &top); err != nil {
		return fmt.Errorf("read the schema of %s: %w", chart, err)
	}
	out.Keys = top.node()
	text, err = json.MarshalIndent(out, "", " ")
	if err != nil {
		return fmt.Errorf("write what the templates know: %w", err)
	}
	file := filepath.Join(chart, "files", "values.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
