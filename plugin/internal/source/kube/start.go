package kube

import (
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// start is how coderd starts in a replica.
type start struct {
	*environment

	program program
	// env are the variables that it reads, args its words.
	env     []coder.Variable
	args    []word
	file    configFile
	reading *coder.Reading
}

// start makes of the environment what coderd makes of it: each variable that stands
// for a setting has the value that the setting ends up with.
func (e *environment) start() {
	p := starter{container: e.spec.Name, env: e.replica.Env}.programOf(e.spec, e.words())
	for name, v := range p.set {
		e.replica.Variables[name] = v
		if v.State == deployment.Missing {
			delete(e.replica.Variables, name)
		}
	}
	if p.opaque != "" {
		e.opaque(p.opaque)
	}
	s := start{environment: e, program: p, args: p.args, env: e.settings()}
	if s.read(); s.reading.Other != "" {
		// What the user calls a replica serves.
		s.args = []word{known("server")}
		s.read()
	}
	if s.reading.UnknownArgs {
		e.opaque("an argument of container " + e.spec.Name)
	}
	s.file.path = s.configPath()
	s.apply()
	s.refusals()
}

func (s *start) read() {
	s.reading = coder.Read(coder.Start{
		Version: s.w.version, Env: s.env, MaySet: s.maySet, Args: texts(s.args), ReadFile: s.readFile, Plain: plain,
	})
}

// configPath is the path of the config file for people, where it can be shown.
func (s *start) configPath() string {
	v := s.reading.Value(coder.ConfigPath)
	if len(v.Given) == 0 || v.Unknown {
		return ""
	}
	given := s.value(v)
	if given.FromSecret || given.Hidden {
		return ""
	}
	return given.String()
}

// opaque records something that may set any variable.
func (e *environment) opaque(what string) {
	e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{What: what, Proof: scriptProof})
}

// settings are the variables for coderd, by name: the kubelet hands them over in no
// order.
func (e *environment) settings() []coder.Variable {
	var out []coder.Variable
	for name, v := range e.replica.Variables {
		text := word{Value: v}.text()
		if v.State == deployment.Unknown && !deployment.Text(text).HasField(unknownField) {
			text += unknownText(name)
		}
		out = append(out, coder.Variable{Name: name, Text: text})
	}
	slices.SortFunc(out, func(a, b coder.Variable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// suspected says of a variable whether it may stand in every Secret that is not in
// the input. A deprecated one, and the path of a file, are not suspected there.
func suspected(variable string) bool {
	return variable != coder.Address && variable != coder.ConfigPath
}

func (s *start) maySet(variable string) bool {
	return suspected(variable) && s.replica.Env(variable).State == deployment.Unknown
}

// refuses says whether coderd ends over the value of a setting.
func (s *start) refuses(variable string) bool {
	return slices.ContainsFunc(s.reading.Problems, func(p coder.Problem) bool { return p.Setting.Variable == variable })
}

// apply gives each variable the value of its setting; one that coderd refuses keeps
// what it was given.
func (s *start) apply() {
	for v := range s.reading.All() {
		setting := v.Setting
		if setting.Variable == "" || len(v.Given) == 0 && s.refuses(setting.Variable) {
			continue
		}
		switch {
		case v.Source == coder.FromNothing || v.Source == coder.FromDefault:
			delete(s.replica.Variables, setting.Variable)
		case v.Source == coder.FromFile && len(v.Given) == 0:
			if coder.Reads(setting.Variable) {
				s.replica.Variables[setting.Variable] = s.file.unread(s.in, setting.Variable)
			}
		case len(v.Given) == 0:
		case v.Source == coder.FromVariable:
			s.replica.Variables[setting.Variable] = s.replica.Variables[s.env[v.Given[0].Index].Name]
		default:
			s.replica.Variables[setting.Variable] = s.value(v)
		}
	}
}

// value is that of a setting, with what is known of where it was given.
func (s *start) value(v coder.Value) deployment.Value {
	var out deployment.Value
	for i, at := range v.Given {
		given := s.given(at)
		if i > 0 {
			given.FromSecret, given.Hidden = given.FromSecret || out.FromSecret, given.Hidden || out.Hidden
			given.References = slices.Concat(out.References, given.References)
			if out.State == deployment.Unknown {
				given.Why, given.Proof = out.Why, out.Proof
			}
		}
		out = given
	}
	text := deployment.Text(v.Text)
	if v.Setting.Type == coder.TypeList {
		text = deployment.Text(coder.JoinList(v.List))
	}
	out.State, out.Text, out.Partial = deployment.Known, text, ""
	if v.Unknown {
		out.State, out.Text, out.Partial = deployment.Unknown, "", text
	}
	return out
}

// given is the value at a place where a setting was given.
func (s *start) given(at coder.At) deployment.Value {
	switch at.Source {
	case coder.FromVariable:
		return s.replica.Variables[s.env[at.Index].Name]
	case coder.FromFlag:
		w := s.args[at.Index]
		if next := at.Index + 1; !strings.Contains(w.text(), "=") && next < len(s.args) {
			origin := w.Origin
			w = s.args[next]
			w.Origin = origin
		}
		return w.Value
	default:
		return s.file.value(at.Index)
	}
}

// refusals keeps the reasons for which coderd ends, and the values that it refuses.
func (s *start) refusals() {
	for _, p := range s.reading.Problems {
		refusal := deployment.Refusal{Variable: p.Setting.Variable, Reason: p.Reason, Doubt: p.Doubt, Given: p.Where()}
		if p.At.Source == coder.FromVariable || p.At.Source == coder.FromFlag && p.At.Index < len(s.args) || p.At.Source == coder.FromFile {
			given := s.given(p.At)
			refusal.Origin = given.Origin
			if p.Setting.Variable == "" && (given.FromSecret || given.Hidden) {
				refusal.Reason = "coderd does not accept what a Secret puts there"
			}
		}
		switch {
		case p.Setting.Variable != "" && len(s.reading.Value(p.Setting.Variable).Given) > 0:
			// It is one that coderd's option library takes, or stands beside one.
		case p.At.Source == coder.FromVariable:
			s.replica.Variables[p.Setting.Variable] = s.given(p.At)
		case p.At.Source == coder.FromFlag && p.Setting.Variable != "":
			v := s.given(p.At)
			if _, text, ok := strings.Cut(word{Value: v}.text(), "="); ok && v.State == deployment.Known {
				v.Text = deployment.Text(text)
			}
			s.replica.Variables[p.Setting.Variable] = v
		case p.At.Source == coder.FromFile && p.Setting.Variable != "":
			v := s.given(p.At)
			v.State, v.Why, v.Proof = deployment.Unknown, "coderd refuses what its config file sets", "mend the config file"
			s.replica.Variables[p.Setting.Variable] = v
		case p.Setting.Variable == "" && p.At.Source != coder.FromFile && s.program.byImage:
			refusal.Doubt = "the image's entry point decides what its arguments are for"
		case p.Setting.Variable == "" && p.At.Source != coder.FromFile && s.program.opaque != "":
			refusal.Doubt = s.program.opaque + " may pass other arguments on"
		}
		s.replica.Refusals = append(s.replica.Refusals, refusal)
	}
}
