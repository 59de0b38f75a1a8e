package hosts

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// variable is one that a host's service gets, and where it is written.
type variable struct {
	systemd.Assignment
	at deployment.Origin
}

// environment resolves the variables of one host.
type environment struct {
	*node
	version  coder.Version
	workload *deployment.Workload
	replica  *deployment.Replica

	// set are the variables in systemd's order, the last one of a name alone.
	set []variable
	// args are the words of the command line, and where they stand.
	args []string
	exec deployment.Origin
}

// resolve fills in the replica: the unit's own variables, then those of its
// environment files in order, then what the command line says.
func (e *environment) resolve() {
	specifiers := systemd.SpecifiersOf(e.unit.name, e.name)
	for _, d := range e.unit.all("Environment") {
		for _, a := range systemd.Environment(d.Directive, specifiers) {
			e.put(variable{a, d.origin(e.name)})
		}
	}
	for _, v := range e.table {
		e.put(v)
	}
	for _, f := range e.files {
		e.file(f)
	}
	e.unread()
	e.unset(specifiers)
	e.command(specifiers)
	e.read()
}

// put sets a variable, in the place of the one before it.
func (e *environment) put(v variable) {
	e.set = slices.DeleteFunc(e.set, func(before variable) bool { return before.Name == v.Name })
	e.set = append(e.set, v)
}

// file takes over the variables of an environment file.
func (e *environment) file(f envFile) {
	e.workload.Host.EnvFiles = append(e.workload.Host.EnvFiles, deployment.EnvFile{Path: f.path, Faults: f.faults})
	if f.lost != "" {
		e.opaque(f.path+", "+f.lost, "mend the environment file")
		return
	}
	first := map[string]systemd.Assignment{}
	for _, a := range f.parsed.Assignments {
		at := deployment.Origin{Kind: kind, Name: e.name, File: f.path, Line: a.Line}
		if before, again := first[a.Name]; again && before.Text != a.Text {
			e.workload.Duplicates = append(e.workload.Duplicates, deployment.Duplicate{
				Name: a.Name, Effective: shown(a), Replaced: shown(before), Origin: at,
			})
		}
		first[a.Name] = a
		e.put(variable{a, at})
	}
}

// shown is the value of a variable for people, without what may be a secret.
func shown(a systemd.Assignment) string {
	if !coder.Reads(a.Name) || coder.IsSecret(a.Name) {
		return "a text (not shown)"
	}
	return deployment.Text(a.Text).String()
}

// unread makes unknown what the environment files of the unit may set that were not
// given. A file was given for the path that ends with its name, or else for the first
// one for which there is none: the files of several hosts have other names here.
func (e *environment) unread() {
	named := e.unit.environmentFiles()
	spare := 0
	for _, f := range e.files {
		at := slices.IndexFunc(named, func(d directive) bool { return filepath.Base(d.Text) == filepath.Base(f.path) })
		if at < 0 {
			spare++
			continue
		}
		named = slices.Delete(slices.Clone(named), at, at+1)
	}
	if len(e.table) > 0 {
		spare++
	}
	for _, d := range named[min(spare, len(named)):] {
		e.opaque(fmt.Sprintf("%s, which %s names,", strings.TrimPrefix(d.Text, "-"), d.file), fmt.Sprintf("give it too, with --env-file %s=FILE, or --env-file '*=FILE' if it is the same on all hosts", e.name))
	}
}

// opaque records something that may set any variable.
func (e *environment) opaque(what, proof string) {
	e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{What: what, Proof: proof})
}

// unset takes out what the unit does not hand on.
func (e *environment) unset(specifiers systemd.Specifiers) {
	for _, d := range e.unit.all("UnsetEnvironment") {
		words, _ := systemd.Words(d.Text)
		for _, word := range words {
			word, _, _ = specifiers.Expand(word)
			e.set = slices.DeleteFunc(e.set, func(v variable) bool { return v.Name == word || v.Name+"="+v.Text == word })
		}
	}
}

// command reads the command line. Without a unit it is that of Coder's package.
func (e *environment) command(specifiers systemd.Specifiers) {
	e.args = []string{"server"}
	words, at, err := e.unit.arguments(specifiers)
	switch {
	case err != nil:
		e.opaque(fmt.Sprintf("the command line in %s: %s", at.file, err), "set it in an environment file instead")
	case words != nil:
		e.args, e.exec = words, at.origin(e.name)
	}
}

// read lets coderd's own rules decide over what was set.
func (e *environment) read() {
	e.replica.Variables = map[string]deployment.Value{}
	start := coder.Start{Version: e.version, Args: e.args, MaySet: e.maySet, Plain: plain}
	for _, v := range e.set {
		start.Env = append(start.Env, coder.Variable{Name: v.Name, Text: string(v.text())})
		if strings.HasPrefix(v.Name, "CODER_") && coder.EmptyIsUnset(e.version) && v.Text == "" {
			continue
		}
		e.replica.Variables[v.Name] = v.value()
	}
	e.refusals(coder.Read(start))
	reading := readable(start)
	for _, s := range coder.Settings(e.version) {
		if s.Variable == "" {
			continue
		}
		if value, given := e.value(reading.Value(s.Variable)); given {
			e.replica.Variables[s.Variable] = value
		}
	}
	e.agree(reading)
	for _, file := range e.replica.Env(coder.TLSCertFile).List() {
		e.replica.Certificates = append(e.replica.Certificates, deployment.Certificate{Path: file, What: deployment.FileOfHost + e.name})
	}
}

// refusals keeps the reasons for which coderd ends.
func (e *environment) refusals(r *coder.Reading) {
	for _, p := range r.Problems {
		refusal := deployment.Refusal{Variable: p.Setting.Variable, Given: p.Where(), Reason: p.Reason, Doubt: p.Doubt, Origin: e.exec}
		if p.At.Source == coder.FromVariable {
			refusal.Origin = e.set[p.At.Index].at
		}
		e.replica.Refusals = append(e.replica.Refusals, refusal)
	}
}

// readable reads a start without the variables that coderd does not take: its
// reading ends at them.
func readable(start coder.Start) *coder.Reading {
	for {
		reading := coder.Read(start)
		wrong := map[int]bool{}
		for _, p := range reading.Problems {
			if p.At.Source == coder.FromVariable {
				wrong[p.At.Index] = true
			}
		}
		if len(wrong) == 0 {
			return reading
		}
		var kept []coder.Variable
		for i, v := range start.Env {
			if !wrong[i] {
				kept = append(kept, v)
			}
		}
		start.Env = kept
	}
}

// maySet says whether something that is not in the input may set a variable.
func (e *environment) maySet(name string) bool {
	return e.replica.Env(name).State == deployment.Unknown
}

// plain says that a text with a part that is not known cannot be read.
func plain(text string) (string, bool) {
	_, literal := deployment.Text(text).Literal()
	return text, literal
}

// text is that of the variable, with a symbol for what only the host knows.
func (v variable) text() deployment.Text {
	if v.Unknown == "" {
		return deployment.Text(v.Text)
	}
	return deployment.Text(strings.ReplaceAll(v.Text, v.Unknown, string(deployment.Symbol("unknown", v.Unknown))))
}

func (v variable) value() deployment.Value {
	if v.Unknown == "" {
		return deployment.Value{State: deployment.Known, Text: v.text(), Origin: v.at}
	}
	return deployment.Value{
		State: deployment.Unknown, Partial: v.text(), Origin: v.at,
		Why: "its specifier " + v.Unknown + " is known to the host only", Proof: "write the value itself instead of " + v.Unknown,
	}
}

// value is what coderd makes of a setting; given is false where nothing gives it.
func (e *environment) value(v coder.Value) (value deployment.Value, given bool) {
	switch {
	case v.Source == coder.FromFile && e.replica.Env(v.Setting.Variable).State != deployment.Missing:
		// coderd does not take the variable, or something else may set it.
		return deployment.Value{}, false
	case v.Source == coder.FromFile:
		return deployment.Value{
			State: deployment.Unknown, Why: "the file of " + coder.ConfigPath + " may set it", Proof: "set it in the environment file instead",
		}, true
	case v.Source == coder.FromFlag:
		text := v.Text
		if len(v.List) > 0 {
			text = strings.Join(v.List, ",")
		}
		return deployment.Value{State: deployment.Known, Text: deployment.Text(text), Origin: e.exec}, true
	case v.Source != coder.FromVariable || len(v.Given) == 0:
		return deployment.Value{}, false
	}
	name := v.Setting.Variable
	at := slices.IndexFunc(e.set, func(set variable) bool { return strings.EqualFold(set.Name, name) })
	if at < 0 || e.set[at].Unknown != "" {
		return deployment.Value{}, false
	}
	return e.set[at].value(), true
}

// agree keeps what coderd makes of the settings that must be the same everywhere.
func (e *environment) agree(reading *coder.Reading) {
	e.replica.Settings = map[string]deployment.Value{}
	for _, s := range coder.Settings(e.version) {
		if s.Variable == "" || s.SameAs != "" || coder.AcrossReplicas(s.Variable) != coder.MustAgree {
			continue
		}
		v := reading.Value(s.Variable)
		given := e.replica.Env(s.Variable)
		if given.State == deployment.Unknown {
			e.replica.Settings[s.Variable] = given
			continue
		}
		text := v.Canonical()
		if given.Set() && v.Source != coder.FromVariable && v.Source != coder.FromFlag {
			// coderd does not take the text.
			text = string(given.Text)
		}
		e.replica.Settings[s.Variable] = deployment.Value{State: deployment.Known, Text: deployment.Text(text), Origin: given.Origin}
	}
	for _, v := range e.set {
		if _, known := coder.ByVariable(e.version, v.Name); !known && coder.AcrossReplicas(v.Name) == coder.MustAgree {
			e.replica.Settings[v.Name] = v.value()
		}
	}
}
