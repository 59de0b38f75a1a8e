package coder

import (
	"cmp"
	"slices"
	"strings"
)

// reader is a reading that is under way.
type reader struct {
	Start

	// settings are those of the server, by name, which is coderd's order.
	settings []Setting
	globals  []Setting
	// sources are by key; values by where a setting is stored, of which keys is
	// the table.
	sources map[string]Source
	values  map[string]*Value
	keys    map[string]string

	problems    []Problem
	other       string
	unknownArgs bool
}

func newReader(s Start) *reader {
	if s.Plain == nil {
		s.Plain = func(text string) (string, bool) { return text, true }
	}
	if s.MaySet == nil {
		s.MaySet = func(string) bool { return false }
	}
	in := &reader{
		Start: s, settings: Settings(s.Version), globals: inVersion(globals, s.Version),
		sources: map[string]Source{}, values: map[string]*Value{}, keys: map[string]string{},
	}
	slices.SortStableFunc(in.settings, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	for _, setting := range in.settings {
		key := setting.key()
		in.keys[key] = cmp.Or(setting.SameAs, key)
		if in.keys[key] == key {
			in.values[key] = &Value{Setting: setting}
		}
	}
	return in
}

// key is what a setting is known by.
func (s *Setting) key() string { return cmp.Or(s.Variable, s.Flag, s.YAML) }

// command reads the command line as `coder` does, which knows its own flags only
// and stops at another one.
func (in *reader) command() string {
	for _, g := range in.globals {
		if text, at, ok := in.variable(g.Variable); ok {
			in.check(g, text, At{FromVariable, at})
		}
	}
	if len(in.problems) > 0 {
		return ""
	}
	line := commandLine{flags: in.globals, plain: in.Plain, set: func(s Setting, text string, _ int) string { return in.wrong(s, text) }}
	line.read(in.Args)
	in.unknownArgs = line.unknown
	if len(line.rest) > 0 {
		return line.rest[0]
	}
	in.ended(line)
	return ""
}

// ended takes over what stopped the reading of a command line.
func (in *reader) ended(line commandLine) {
	switch {
	case line.help:
		in.other = "--help"
	case line.problem != nil:
		in.problems = append(in.problems, *line.problem)
	}
}

// server reads the settings as `coder server` does. What is wrong with the
// command line counts only if nothing is wrong with the config file.
func (in *reader) server() {
	for i := range in.settings {
		in.fromVariable(&in.settings[i])
	}
	if len(in.problems) > 0 {
		return
	}
	line := commandLine{flags: slices.Concat(in.settings, in.globals), plain: in.Plain, set: in.fromFlag}
	line.read(in.Args)
	in.unknownArgs = in.unknownArgs || line.unknown
	if in.file(); len(in.problems) > 0 {
		return
	}
	in.defaults()
	words := line.rest[min(1, len(line.rest)):]
	if len(words) > 0 && slices.Contains(serverCommands, words[0]) {
		in.other = "server " + words[0]
		return
	}
	if in.ended(line); in.other != "" || len(in.problems) > 0 {
		return
	}
	if on, _ := in.values["write-config"].Bool(); on {
		in.other = "--write-config"
		return
	}
	if len(words) > 0 {
		in.problems = append(in.problems, Problem{Reason: "coder server takes no arguments but flags"})
		return
	}
	in.together(line.given)
}

// variable is the text of a variable that coderd takes for set, and where it
// stands.
func (in *reader) variable(name string) (text string, at int, ok bool) {
	if name == "" {
		return "", 0, false
	}
	for _, prefix := range []string{"", "HOMEBREW_"} {
		for i, v := range slices.Backward(in.Env) {
			if strings.EqualFold(v.Name, prefix+name) {
				return v.Text, i, v.Text != "" || !EmptyIsUnset(in.Version)
			}
		}
	}
	return "", 0, false
}

func (in *reader) fromVariable(s *Setting) {
	text, at, ok := in.variable(s.Variable)
	switch {
	case ok:
		in.sources[s.key()] = FromVariable
		in.set(*s, text, At{FromVariable, at})
	case s.Variable != "" && in.MaySet(s.Variable):
		in.sources[s.key()] = FromVariable
		in.stored(s).unknown(FromVariable)
	}
}

// fromFlag sets a setting, or checks a global option; it returns what is wrong.
func (in *reader) fromFlag(s Setting, text string, word int) string {
	if _, ok := in.keys[s.key()]; !ok {
		return in.wrong(s, text)
	}
	reason := in.assign(s, text, At{FromFlag, word})
	if reason == "" {
		in.sources[s.key()] = FromFlag
	}
	return reason
}

// check notes what is wrong with a text; set sets it, too.
func (in *reader) check(s Setting, text string, at At) {
	if reason := in.wrong(s, text); reason != "" {
		in.problems = append(in.problems, Problem{Setting: s, At: at, Reason: reason})
	}
}

func (in *reader) set(s Setting, text string, at At) {
	if reason := in.assign(s, text, at); reason != "" {
		in.problems = append(in.problems, Problem{Setting: s, At: at, Reason: reason})
	}
}

// wrong is what coderd's option library finds wrong with a text.
func (in *reader) wrong(s Setting, text string) string {
	plain, known := in.Plain(text)
	if !known {
		return ""
	}
	return s.wrong(in.Version, plain)
}

// assign gives a setting the text, or returns what is wrong with it.
func (in *reader) assign(s Setting, text string, at At) string {
	if reason := in.wrong(s, text); reason != "" {
		return reason
	}
	_, known := in.Plain(text)
	v := in.stored(&s)
	switch {
	case s.Type != TypeList:
		v.Text, v.Given, v.Unknown = text, []At{at}, !known
	case text == "":
		v.List, v.Given, v.Unknown = nil, []At{at}, false
	default:
		items, err := splitList(text)
		if err != nil {
			items = []string{text}
		}
		v.List, v.Given, v.Unknown = append(v.List, items...), append(v.Given, at), v.Unknown || !known
	}
	v.Source = at.Source
	return ""
}

// stored is where a setting is kept.
func (in *reader) stored(s *Setting) *Value { return in.values[in.keys[s.key()]] }

func (v *Value) unknown(source Source) { v.Source, v.Unknown = source, true }
