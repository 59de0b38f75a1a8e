package kube

import (
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// shell follows a script to the program that it starts. It runs nothing: what only
// a command knows, or a condition decides, is not known.
type shell struct {
	starter

	script word
	// name and params are $0 and the others; nil params are not known.
	name   word
	params []word
	// vars are the variables that the script assigns; exported are the names of
	// those that programs see.
	vars     map[string]deployment.Value
	exported map[string]bool
	// exportsAll says that every assignment is exported.
	exportsAll bool
	functions  map[string]*syntax.Stmt
	// maybe is how deep the statement is in what may not run.
	maybe int
	// calling is how deep it is in functions.
	calling int
	// starts are the programs that it was found to start.
	starts []program
	opaque bool
}

const scriptProof = "set it in the container's env instead"

// shell follows the words behind a shell's name.
func (s starter) shell(p program, words []word) program {
	command := false
	for len(words) > 0 {
		text := words[0].text()
		if !strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "+") {
			break
		}
		command = command || !strings.HasPrefix(text, "--") && strings.HasPrefix(text, "-") && strings.Contains(text, "c")
		words = words[1:]
		if !strings.HasPrefix(text, "--") && strings.HasSuffix(text, "o") && len(words) > 0 {
			words = words[1:]
		}
	}
	what := "the shell script of container " + s.container
	if !command || len(words) == 0 {
		p.opaque = what
		if len(words) > 1 && words[1].text() == "server" {
			p.args = words[1:]
		}
		return p
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(words[0].text()), "")
	if err != nil {
		p.opaque = what
		return p
	}
	sh := &shell{
		starter: starter{container: s.container, bare: s.bare, depth: s.depth + 1}, script: words[0], vars: map[string]deployment.Value{},
		exported: map[string]bool{}, functions: map[string]*syntax.Stmt{}, params: []word{},
	}
	sh.env = func(name string) deployment.Value {
		if v, ok := p.set[name]; ok {
			return v
		}
		return s.env(name)
	}
	if len(words) > 1 {
		sh.name, sh.params = words[1], words[2:]
	}
	sh.statements(file.Stmts)
	return sh.program(p, what)
}

// program is what the script starts: the server, if it starts that and others.
func (sh *shell) program(p program, what string) program {
	servers := slices.DeleteFunc(slices.Clone(sh.starts), func(p program) bool { return !p.coder || p.does() != "" })
	found := program{}
	switch {
	case len(servers) == 1:
		found = servers[0]
	case len(servers) > 1:
		found = program{coder: true, args: []word{known("server")}, opaque: what}
	case len(sh.starts) > 0:
		found = sh.starts[0]
	default:
		found.opaque = what
	}
	found.set = merged(p.set, found.set)
	if found.opaque == "" {
		found.opaque = p.opaque
	}
	if sh.opaque {
		found.opaque = what
	}
	return found
}

// merged are the variables of both, the later ones winning.
func merged(all ...map[string]deployment.Value) map[string]deployment.Value {
	out := map[string]deployment.Value{}
	for _, vars := range all {
		maps.Copy(out, vars)
	}
	return out
}

func (sh *shell) statements(all []*syntax.Stmt) {
	for _, s := range all {
		sh.statement(s)
	}
}

// perhaps follows statements that may not run, or whose assignments are lost.
func (sh *shell) perhaps(all ...*syntax.Stmt) {
	sh.maybe++
	sh.statements(all)
	sh.maybe--
}

func (sh *shell) statement(s *syntax.Stmt) {
	switch c := s.Cmd.(type) {
	case *syntax.CallExpr:
		sh.call(c)
	case *syntax.DeclClause:
		sh.declare(c)
	case *syntax.BinaryCmd:
		sh.both(c)
	case *syntax.Block:
		sh.statements(c.Stmts)
	case *syntax.Subshell:
		sh.perhaps(c.Stmts...)
	case *syntax.IfClause:
		sh.condition(c)
	case *syntax.WhileClause:
		sh.perhaps(slices.Concat(c.Cond, c.Do)...)
	case *syntax.ForClause:
		if loop, ok := c.Loop.(*syntax.WordIter); ok {
			sh.vars[loop.Name.Value] = sh.notKnown(loop.Name.Value)
		}
		sh.perhaps(c.Do...)
	case *syntax.CaseClause:
		for _, item := range c.Items {
			sh.perhaps(item.Stmts...)
		}
	case *syntax.FuncDecl:
		if c.Name != nil {
			sh.functions[c.Name.Value] = c.Body
		}
	case *syntax.TimeClause:
		if c.Stmt != nil {
			sh.statement(c.Stmt)
		}
	}
}

func (sh *shell) condition(c *syntax.IfClause) {
	sh.statements(c.Cond)
	for ; c != nil; c = c.Else {
		sh.perhaps(c.Then...)
		if c.Else != nil {
			sh.perhaps(c.Else.Cond...)
		}
	}
}

// both follows two commands with an operator between them. What stands behind &&
// counts as run: the script would otherwise end or fail.
func (sh *shell) both(c *syntax.BinaryCmd) {
	switch c.Op {
	case syntax.AndStmt:
		sh.statement(c.X)
		sh.statement(c.Y)
	case syntax.OrStmt:
		sh.statement(c.X)
		sh.perhaps(c.Y)
	default:
		sh.perhaps(c.X, c.Y)
	}
}

// notKnown is the value of a variable that the script sets and that is not known.
func (sh *shell) notKnown(name string) deployment.Value {
	return deployment.Value{
		State: deployment.Unknown, Why: "the shell script of container " + sh.container + " sets " + name, Proof: scriptProof,
		Partial: deployment.Text(unknownText(name)), Origin: sh.script.Origin,
	}
}
