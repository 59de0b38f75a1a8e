package plugin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/manual"
)

// script is what becomes of a command of the manual here.
type script struct {
	// run is what is run, and parsed are questions to programs whether they know words.
	run    string
	parsed []string
}

// clusterVerbs are the commands of Helm that need a cluster, or the network.
var clusterVerbs = []string{"install", "upgrade", "test", "rollback", "uninstall", "status", "get", "history", "plugin", "repo", "pull", "push", "registry", "list"}

// ofHosts are programs that a reader has, and this machine must not run.
var ofHosts = []string{"systemctl", "journalctl", "sudo", "brew", "git", "docker", "argocd", "flux", "curl", "nc", "dig", "pre-commit", "coder"}

// understand takes a shell command apart: what can be run, and what can only be parsed.
// A statement with one part of the second kind is parsed as a whole.
func understand(text string, b manual.Block) (script, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return script{}, err
	}
	var s script
	var runs []string
	for _, statement := range file.Stmts {
		calls := callsOf(statement)
		if len(calls) == 0 || !slices.ContainsFunc(calls, func(c call) bool { return c.elsewhere(b) }) {
			runs = append(runs, printed(statement))
			continue
		}
		for _, c := range calls {
			question, err := c.question()
			if err != nil {
				return script{}, err
			}
			if question != "" {
				s.parsed = append(s.parsed, question)
			}
		}
	}
	s.run = strings.Join(runs, "\n")
	return s, nil
}

// call is one program and its words.
type call struct {
	expr  *syntax.CallExpr
	words []string
}

func callsOf(statement syntax.Node) []call {
	var calls []call
	syntax.Walk(statement, func(n syntax.Node) bool {
		if expr, ok := n.(*syntax.CallExpr); ok && len(expr.Args) > 0 {
			c := call{expr: expr}
			for _, arg := range expr.Args {
				c.words = append(c.words, arg.Lit())
			}
			calls = append(calls, c)
		}
		return true
	})
	return calls
}

func (c call) word(i int) string {
	if i < len(c.words) {
		return c.words[i]
	}
	return ""
}

// elsewhere says that a call is not for this machine.
func (c call) elsewhere(b manual.Block) bool {
	if b.Needs(manual.Cluster) || b.Needs(manual.Hosts) || b.Needs(manual.Machine) {
		return true
	}
	switch c.word(0) {
	case "helm":
		return slices.Contains(clusterVerbs, c.word(1)) || c.word(2) == "status" || slices.Contains(c.words, "--probe") || slices.Contains(c.words, "--in-cluster")
	case "kubectl", "make", "go":
		return true
	default:
		return slices.Contains(ofHosts, c.word(0))
	}
}

// question is the command that makes the program parse the words and do nothing else.
func (c call) question() (string, error) {
	switch c.word(0) {
	case "helm", "kubectl":
		words := slices.Clone(c.expr.Args)
		at := slices.Index(c.words, "--")
		if at < 0 {
			at = len(words)
		}
		help := &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: "--help"}}}
		return printed(&syntax.CallExpr{Assigns: c.expr.Assigns, Args: slices.Insert(words, at, help)}), nil
	case "make":
		root, err := checkout.Path(".")
		words := append([]string{"make", "-n", "-C", root}, c.words[1:]...)
		return strings.Join(words, " "), err
	case "go":
		return "", c.testExists()
	default:
		return "", nil
	}
}

// testExists looks for the test that go is told to run.
func (c call) testExists() error {
	at := slices.Index(c.words, "-run")
	if at < 0 {
		return nil
	}
	name := regexp.QuoteMeta(c.word(at + 1))
	folder := "."
	for i, word := range c.words {
		if word == "-C" {
			folder = c.word(i + 1)
		}
	}
	for _, word := range c.words {
		if strings.HasPrefix(word, "./") && !strings.HasSuffix(word, "...") {
			folder = filepath.Join(folder, word)
		}
	}
	dir, err := checkout.Path(filepath.ToSlash(folder))
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if regexp.MustCompile(`(?m)^func ` + name).Match(text) {
			return nil
		}
	}
	return fmt.Errorf("there is no test %s in %s", c.word(at+1), folder)
}

func printed(n syntax.Node) string {
	var b strings.Builder
	if err := syntax.NewPrinter().Print(&b, n); err != nil {
		return err.Error()
	}
	return b.String()
}
