package coder

import (
	"cmp"
	"errors"
	"iter"
)

// Start is a start of coderd: what decides over its settings. Its texts may hold
// parts that are not known yet; see Plain.
type Start struct {
	Version Version
	// Env are the variables of its environment, in order: of several with one
	// name, in any case of letters, the last one counts.
	Env []Variable
	// MaySet says of a variable that is not in Env whether something that cannot
	// be read may set it; nil: of none.
	MaySet func(variable string) bool
	// Args are the words behind the program's name, "server" being the first as a
	// rule.
	Args []string
	// ReadFile reads a config file, nil where none can be read. It returns
	// ErrUnread for one that exists and that nobody can read here; with any other
	// error coderd would end.
	ReadFile func(path string) (string, error)
	// Plain makes a text that parses as the real one will, with something that
	// stands in for what is not known yet; known is false where nothing can. Nil:
	// each text is its own.
	Plain func(text string) (plain string, known bool)
}

// Variable is a variable of an environment.
type Variable struct{ Name, Text string }

// ErrUnread says that a config file is not in the input.
var ErrUnread = errors.New("the file is not in the input")

// Source is what gave a setting its value.
type Source string

// The sources of a value, in the words of Coder's option library.
const (
	FromNothing  Source = ""
	FromDefault  Source = "default"
	FromFile     Source = "yaml"
	FromVariable Source = "env"
	FromFlag     Source = "flag"
)

// At is a place where a value was given: the index in Env or in Args, or the
// line in the config file.
type At struct {
	Source Source
	Index  int
}

// Value is what a setting is in the end.
type Value struct {
	Setting Setting
	Source  Source
	// Text is as it was given; "" for a list.
	Text string
	// List are the items of a list.
	List []string
	// Unknown says that it, or a part of it, cannot be told from the input.
	Unknown bool
	// Given are the places that it comes from: one, but for a list.
	Given []At
}

// Problem is a reason for which coderd ends instead of serving.
type Problem struct {
	// Setting is the one that is wrong; the zero value where it is not one.
	Setting Setting
	At      At
	// Reason completes the sentence "the value ..." or, without a setting, is a
	// sentence. It holds nothing of a value.
	Reason string
	// Doubt says why coderd may take it all the same; "" where it does not.
	Doubt string
}

// Where names the place of a problem for people: "flag --tls-enable".
func (p Problem) Where() string {
	switch {
	case p.At.Source == FromFlag && p.Setting.Flag != "":
		return "flag --" + p.Setting.Flag
	case p.At.Source == FromFile && p.Setting.YAML != "":
		return p.Setting.YAML + " in the config file"
	case p.At.Source == FromFile:
		return "the config file"
	case p.At.Source != FromFlag && p.Setting.Variable != "":
		return p.Setting.Variable
	default:
		return "the command line"
	}
}

// Reading is what a start makes of its settings.
type Reading struct {
	// Problems are why coderd ends, in the order in which it looks; with none it
	// serves. The first kind that it finds ends it, so that there may be more. The
	// values are then those that it would have without what is refused.
	Problems []Problem
	// Other is the command or the flag for which it does something else than to
	// serve; "" where it serves.
	Other string
	// UnknownArgs says that a word that is not known may be a flag.
	UnknownArgs bool

	values map[string]*Value
	table  *table
}

// Value is a setting by its variable, or else flag, or else YAML key; the zero
// value where this version has no such setting.
func (r *Reading) Value(key string) Value {
	if v := r.values[r.table.keys[key]]; v != nil {
		return *v
	}
	return Value{}
}

// All are the settings of this version, each under the name that it is stored by.
func (r *Reading) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for i := range r.table.stored {
			if !yield(*r.values[r.table.stored[i].key()]) {
				return
			}
		}
	}
}

// Read is what a start makes of its settings, as coderd reads them: the first of
// flag, variable, config file and default decides, but the items that flags add
// to a list come behind those of its variable.
func Read(s Start) *Reading {
	in := newReader(s)
	switch command := in.command(); {
	case command == "server":
		in.server()
	case len(in.problems) == 0:
		in.other = cmp.Or(in.other, command, "coder")
	}
	return &Reading{Problems: in.problems, Other: in.other, UnknownArgs: in.unknownArgs, values: in.values, table: in.table}
}
