package coder

import (
	"cmp"
	"slices"
	"strings"
)

// reader is a reading that is under way.
type reader struct {
	Start
	*table

	// sources are by key, values by where a setting is stored.
	sources map[string]Source
	values  map[string]*Value

	problems []Problem
	// ended says that coderd looks no further: what else is read is for the values
	// alone.
	ended       bool
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
	in := &reader{Start: s, table: tableOf(s.Version), sources: map[string]Source{}}
	values := make([]Value, len(in.stored))
	in.values = make(map[string]*Value, len(values))
	for i, setting := range in.stored {
		values[i].Setting = setting
		in.values[setting.key()] = &values[i]
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
	in.stage()
	line := commandLine{given: map[string]string{}, version: in.Version, flags: in.globals, plain: in.Plain, set: func(s Setting, text string, _ int) string { return in.wrong(s, text) }}
	line.read(in.Args)
	in.unknownArgs = line.unknown
	if len(line.rest) > 0 {
		return line.rest[0]
	}
	in.stopped(line)
	return ""
}

// stage ends what coderd looks at together: it goes on only if nothing is wrong.
func (in *reader) stage() { in.ended = in.ended || len(in.problems) > 0 }

// problem notes what is wrong.
func (in *reader) problem(p Problem) {
	if !in.ended {
		in.problems = append(in.problems, p)
	}
}

// stopped takes over what stopped the reading of a command line.
func (in *reader) stopped(line commandLine) {
	switch {
	case line.help && !in.ended:
		in.other = "--help"
	case line.problem != nil:
		in.problem(*line.problem)
	}
}

// server reads the settings as `coder server` does. What is wrong with the
// command line counts only if nothing is wrong with the config file.
func (in *reader) server() {
	for i := range in.settings {
		in.fromVariable(&in.settings[i])
	}
	in.stage()
	line := commandLine{given: map[string]string{}, version: in.Version, flags: in.flags, plain: in.Plain, set: in.fromFlag}
	line.read(in.Args)
	in.unknownArgs = in.unknownArgs || line.unknown
	in.file()
	in.stage()
	line.beyond(in.Args)
	in.defaults()
	words := line.rest[min(1, len(line.rest)):]
	if len(words) > 0 && slices.Contains(serverCommands, words[0]) && !in.ended {
		in.other = "server " + words[0]
		return
	}
	if in.stopped(line); in.other != "" {
		return
	}
	in.stage()
	if on, _ := in.values["write-config"].Bool(); on && !in.ended {
		in.other = "--write-config"
		return
	}
	if len(words) > 0 {
		in.problem(Problem{Reason: "coder server takes no arguments but flags"})
	}
	in.stage()
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
		in.at(s).unknown(FromVariable)
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
		in.problem(Problem{Setting: s, At: at, Reason: reason})
	}
}

func (in *reader) set(s Setting, text string, at At) {
	if reason := in.assign(s, text, at); reason != "" {
		in.problem(Problem{Setting: s, At: at, Reason: reason})
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
	v := in.at(&s)
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

// at is where a setting is kept.
func (in *reader) at(s *Setting) *Value { return in.values[in.keys[s.key()]] }

func (v *Value) unknown(source Source) { v.Source, v.Unknown = source, true }
