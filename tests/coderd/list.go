package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/coder/coder/v2/codersdk"
	"github.com/coder/serpent"
	"github.com/spf13/pflag"
)

// option is what is worth knowing of one option of `coder server`.
type option struct {
	Name      string   `json:"name"`
	Variable  string   `json:"variable,omitempty"`
	Flag      string   `json:"flag,omitempty"`
	Shorthand string   `json:"shorthand,omitempty"`
	YAML      string   `json:"yaml,omitempty"`
	Type      string   `json:"type"`
	Choices   []string `json:"choices,omitempty"`
	Default   string   `json:"default,omitempty"`
	// Computed says that the default follows from other options.
	Computed bool `json:"computed,omitempty"`
	Hidden   bool `json:"hidden,omitempty"`
	Secret   bool `json:"secret,omitempty"`
	// Validated says that coderd asks more of a value than its type does.
	Validated bool `json:"validated,omitempty"`
	// SameAs is the variable, or else the flag, of an earlier option that is stored
	// in the same place.
	SameAs string `json:"sameAs,omitempty"`
}

// known is what is known of a version of coderd.
type known struct {
	// Options are those of `coder server`, in coderd's own order.
	Options []option `json:"options"`
	// Globals are the options of `coder`, which every command takes.
	Globals []option `json:"globals"`
	// Commands are those below `coder server`.
	Commands []string `json:"commands"`
}

// list writes what is known.
func list(out io.Writer) error {
	var values codersdk.DeploymentValues
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(known{
		Options: describe(values.Options()), Globals: describe(globalOptions(new(bool))), Commands: serverCommands(),
	})
	if err != nil {
		return fmt.Errorf("writing the options: %w", err)
	}
	return nil
}

func describe(options serpent.OptionSet) []option {
	var out []option
	names := map[pflag.Value]string{}
	for _, o := range options {
		stored := underlying(o.Value)
		kind, choices := typeOf(stored)
		entry := option{
			Name: o.Name, Variable: o.Env, Flag: o.Flag, Shorthand: o.FlagShorthand, YAML: o.YAMLPath(),
			Type: kind, Choices: choices, Default: o.Default, Computed: computed(o), Hidden: o.Hidden,
			Secret: o.Annotations.IsSet("secret"), Validated: stored != o.Value, SameAs: names[stored],
		}
		if entry.SameAs == "" {
			names[stored] = cmp.Or(o.Env, o.Flag)
		}
		out = append(out, entry)
	}
	return out
}

// underlying is where an option is stored, without what validates it.
func underlying(v pflag.Value) pflag.Value {
	if wrapped, ok := v.(interface{ Underlying() pflag.Value }); ok {
		return wrapped.Underlying()
	}
	return v
}

// typeOf takes the choices of an enum, and what a struct is made of, from the
// name of a type.
func typeOf(v pflag.Value) (kind string, choices []string) {
	kind, inner, ok := strings.Cut(v.Type(), "[")
	if ok && strings.HasPrefix(kind, "enum") {
		choices = strings.Split(strings.TrimSuffix(inner, "]"), `\|`)
	}
	return kind, choices
}

// computed says whether a function makes an option's default. The older option
// libraries have no such thing.
func computed(o serpent.Option) bool {
	field := reflect.ValueOf(o).FieldByName("DefaultFn")
	return field.IsValid() && !field.IsNil()
}
