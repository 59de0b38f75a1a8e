package kube

import (
	"io"
	"slices"
	"strconv"
	"strings"

	shexpand "mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// call follows a simple command.
func (sh *shell) call(c *syntax.CallExpr) {
	words := sh.fields(c.Args...)
	if len(words) == 0 {
		for _, a := range c.Assigns {
			sh.assign(a, false)
		}
		return
	}
	name := words[0].text()
	switch {
	case sh.functions[name] != nil:
		if sh.calling < maxShells {
			sh.calling++
			sh.statement(sh.functions[name])
			sh.calling--
		}
	case sh.builtin(name, words[1:]):
	default:
		sh.start(c.Assigns, words)
	}
}

// builtin does what a command of the shell itself does to its variables; ok is
// false for a program.
func (sh *shell) builtin(name string, words []word) (ok bool) {
	switch name {
	case ".", "source", "eval":
		sh.opaque = true
	case "set":
		sh.set(texts(words))
	case "shift":
		sh.params = nil
	case "unset":
		for _, w := range words {
			sh.vars[w.text()] = deployment.Value{}
			sh.exported[w.text()] = true
		}
	case "read", "getopts":
		for _, w := range words {
			sh.vars[w.text()] = sh.notKnown(w.text())
		}
	case "echo", "printf", "test", "[", ":", "true", "false", "cd", "trap", "wait", "umask", "ulimit", "return", "exit", "sleep":
	default:
		return false
	}
	return true
}

func (sh *shell) set(words []string) {
	for i, w := range words {
		switch {
		case w == "-a" || w == "-o" && i+1 < len(words) && words[i+1] == "allexport", strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.Contains(w, "a"):
			sh.exportsAll = true
		case w == "+a":
			sh.exportsAll = false
		case w == "--":
			sh.params = nil
			return
		}
	}
}

// start follows a program that is started with variables of its own.
func (sh *shell) start(own []*syntax.Assign, words []word) {
	set := map[string]deployment.Value{}
	for name, v := range sh.vars {
		if sh.exportsAll || sh.exported[name] || sh.env(name).State != deployment.Missing {
			set[name] = v
		}
	}
	for _, a := range own {
		if a.Name != nil {
			set[a.Name.Value] = sh.value(a)
		}
	}
	inner := sh.starter
	inner.env = sh.variable
	p := inner.behind(words)
	p.set = merged(set, p.set)
	if p.coder || words[0].text() == "exec" && len(words) > 1 {
		sh.starts = append(sh.starts, p)
	}
}

func (sh *shell) declare(c *syntax.DeclClause) {
	export := c.Variant.Value == "export" || slices.ContainsFunc(c.Args, func(a *syntax.Assign) bool {
		return a.Name == nil && a.Value != nil && strings.HasPrefix(a.Value.Lit(), "-") && strings.Contains(a.Value.Lit(), "x")
	})
	for _, a := range c.Args {
		if a.Name != nil {
			sh.assign(a, export)
		}
	}
}

func (sh *shell) assign(a *syntax.Assign, export bool) {
	name := a.Name.Value
	sh.exported[name] = sh.exported[name] || export || sh.exportsAll
	switch {
	case a.Naked:
	case sh.maybe > 0:
		sh.vars[name] = sh.notKnown(name)
	default:
		sh.vars[name] = sh.value(a)
	}
}

// value is what an assignment gives.
func (sh *shell) value(a *syntax.Assign) deployment.Value {
	name := a.Name.Value
	if a.Array != nil || a.Index != nil {
		return sh.notKnown(name)
	}
	if a.Value == nil {
		a = &syntax.Assign{Name: a.Name, Append: a.Append, Value: &syntax.Word{}}
	}
	e := &expansion{shell: sh}
	text, err := shexpand.Literal(e.config(), a.Value)
	if a.Append {
		text = e.Get(name).Str + text
	}
	w := e.word(text, err, a.Value)
	if w.State == deployment.Unknown {
		w.Why = "the shell script of container " + sh.container + " sets " + name
	}
	return w.Value
}

// fields are the words that the shell makes of some of its own.
func (sh *shell) fields(words ...*syntax.Word) []word {
	var out []word
	for _, w := range words {
		e := &expansion{shell: sh}
		texts, err := shexpand.Fields(e.config(), w)
		if err != nil {
			out = append(out, e.word("", err, w))
		}
		for _, text := range texts {
			out = append(out, e.word(text, nil, w))
		}
	}
	return out
}

// variable is a variable as the script sees it.
func (sh *shell) variable(name string) deployment.Value {
	if v, ok := sh.vars[name]; ok {
		return v
	}
	return sh.env(name)
}

// expansion expands one word, and remembers what it was made of.
type expansion struct {
	*shell

	used  []deployment.Value
	names []string
}

func (e *expansion) config() *shexpand.Config {
	return &shexpand.Config{
		Env: e,
		CmdSubst: func(w io.Writer, _ *syntax.CmdSubst) error {
			_, err := io.WriteString(w, unknownText("a command"))
			return err
		},
		ProcSubst: func(*syntax.ProcSubst) (string, error) { return unknownText("a command"), nil },
	}
}

// ofTheSystem are variables that the container's runtime or the shell sets.
var ofTheSystem = []string{"?", "$", "!", "-", "_", "PPID", "RANDOM", "SECONDS", "HOSTNAME", "HOME", "PATH", "PWD", "OLDPWD", "USER", "UID", "EUID", "SHELL", "LINENO", "BASHPID", "TMPDIR"}

// Get is a variable or a parameter, for the expansion.
func (e *expansion) Get(name string) shexpand.Variable {
	text := func(text string) shexpand.Variable {
		return shexpand.Variable{Set: true, Kind: shexpand.String, Str: text}
	}
	switch n, err := strconv.Atoi(name); {
	case name == "IFS":
		return shexpand.Variable{}
	case e.params == nil && (name == "@" || name == "*" || name == "#" || err == nil && n > 0):
		return text(unknownText("the script's parameters"))
	case name == "@" || name == "*":
		e.used = append(e.used, values(e.params)...)
		return shexpand.Variable{Set: true, Kind: shexpand.Indexed, List: texts(e.params)}
	case name == "#":
		return text(strconv.Itoa(len(e.params)))
	case err == nil && n > 0 && n <= len(e.params):
		e.used = append(e.used, e.params[n-1].Value)
		return text(e.params[n-1].text())
	case err == nil && n > 0:
		return shexpand.Variable{}
	case name == "0":
		return text(e.name.text())
	}
	v := e.variable(name)
	if v.State == deployment.Missing {
		field, _, _ := strings.Cut(name, " ")
		if !e.bare || slices.Contains(ofTheSystem, field) || serviceVariable.MatchString(name) {
			// The expansion asks for PWD by itself.
			if name != "PWD" {
				e.used = append(e.used, deployment.Value{State: deployment.Unknown})
			}
			return text(unknownText(name))
		}
		return shexpand.Variable{}
	}
	e.used, e.names = append(e.used, v), append(e.names, name)
	w := word{Value: v}
	if v.State == deployment.Unknown && v.Partial == "" {
		return text(unknownText(name))
	}
	return text(w.text())
}

// Each is for the environment of programs, of which none is run.
func (*expansion) Each(func(string, shexpand.Variable) bool) {}

func values(words []word) []deployment.Value {
	out := make([]deployment.Value, len(words))
	for i, w := range words {
		out[i] = w.Value
	}
	return out
}

// word is what the expansion has made of a word of the script.
func (e *expansion) word(text string, err error, of *syntax.Word) word {
	out := deployment.Value{State: deployment.Known, Text: deployment.Text(text), FromSecret: e.script.FromSecret, Hidden: e.script.Hidden, References: e.names, Origin: e.script.Origin}
	if e.script.block && out.Origin.Line > 0 {
		out.Origin.Line += int(of.Pos().Line())
	}
	symbols := false
	for _, v := range e.used {
		out.FromSecret, out.Hidden = out.FromSecret || v.FromSecret, out.Hidden || v.Hidden
		out.References = append(out.References, v.References...)
		_, literal := deployment.Text(word{Value: v}.text()).Literal()
		symbols = symbols || !literal || v.State == deployment.Unknown
		if v.State == deployment.Unknown && v.Why != "" && out.Why == "" {
			out.Why, out.Proof, out.Key = v.Why, v.Proof, v.Key
		}
	}
	// An operator may cut a symbol, or choose by what is not known.
	if err != nil || symbols && operates(of) {
		text = unknownText("the shell script")
	}
	if deployment.Text(text).HasField(unknownField) {
		out.State, out.Text, out.Partial = deployment.Unknown, "", deployment.Text(text)
		if out.Why == "" {
			out.Why, out.Proof = "the shell script of container "+e.container+" makes it of what is not in the input", scriptProof
		}
	} else {
		out.Why, out.Proof, out.Key = "", "", nil
	}
	return word{Value: out}
}

// operates says whether a word expands a parameter with an operator.
func operates(w *syntax.Word) bool {
	found := false
	syntax.Walk(w, func(node syntax.Node) bool {
		if p, ok := node.(*syntax.ParamExp); ok {
			found = found || p.Exp != nil || p.Slice != nil || p.Repl != nil || p.Length || p.Excl || p.Index != nil
		}
		_, arithmetic := node.(*syntax.ArithmExp)
		found = found || arithmetic
		return !found
	})
	return found
}
