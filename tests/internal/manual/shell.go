package manual

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Statement is what a reader could paste alone: a program, or several that are joined.
type Statement struct {
	Text string
	// Background says that the shell does not wait for its end.
	Background bool
	Calls      []Call
}

// Statements takes the text of a command apart.
func Statements(text string) ([]Statement, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, fmt.Errorf("read a command: %w", err)
	}
	var all []Statement
	for _, s := range file.Stmts {
		all = append(all, Statement{Text: Printed(s), Background: s.Background, Calls: callsOf(s)})
	}
	return all, nil
}

// Call is one program and its words. A word that the shell would expand is empty.
type Call struct {
	Expr  *syntax.CallExpr
	Words []string
}

func callsOf(statement syntax.Node) []Call {
	var calls []Call
	syntax.Walk(statement, func(n syntax.Node) bool {
		if expr, ok := n.(*syntax.CallExpr); ok && len(expr.Args) > 0 {
			c := Call{Expr: expr}
			for _, arg := range expr.Args {
				c.Words = append(c.Words, arg.Lit())
			}
			calls = append(calls, c)
		}
		return true
	})
	return calls
}

// Word is the word at a place, and empty where there is none.
func (c Call) Word(i int) string {
	if i < len(c.Words) {
		return c.Words[i]
	}
	return ""
}

// Printed is a piece of a command as the shell reads it.
func Printed(n syntax.Node) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, n); err != nil {
		return err.Error()
	}
	return b.String()
}

// clusterVerbs are the commands of Helm that need a cluster, or the network.
var clusterVerbs = []string{"install", "upgrade", "test", "rollback", "uninstall", "status", "get", "history", "plugin", "repo", "pull", "push", "registry", "list"}

// ofHosts are programs that a reader has, and that change or ask a machine.
var ofHosts = []string{"systemctl", "journalctl", "sudo", "brew", "git", "docker", "argocd", "flux", "curl", "nc", "dig", "pre-commit", "coder"}

// Elsewhere says that a statement of the block needs more than Helm, the plugin, a folder
// and a database: a cluster, hosts, the network, or the reader's own machine.
func (s Statement) Elsewhere(b Block) bool {
	if b.Needs(Cluster) || b.Needs(Hosts) || b.Needs(Machine) {
		return true
	}
	return slices.ContainsFunc(s.Calls, Call.elsewhere)
}

func (c Call) elsewhere() bool {
	switch c.Word(0) {
	case "helm":
		return slices.Contains(clusterVerbs, c.Word(1)) || c.Word(2) == "status" || slices.Contains(c.Words, "--probe") || slices.Contains(c.Words, "--in-cluster")
	case "kubectl", "make", "go":
		return true
	default:
		return slices.Contains(ofHosts, c.Word(0))
	}
}
