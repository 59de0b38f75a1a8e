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
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// script is what becomes of a command of the manual here.
type script struct {
	// run is what is run, and parsed are questions to programs whether they know words.
	run    string
	parsed []string
}

// understand takes a shell command apart: what can be run, and what can only be parsed.
// A statement with one part of the second kind is parsed as a whole.
func understand(text string, b manual.Block) (script, error) {
	statements, err := manual.Statements(text)
	if err != nil {
		return script{}, err
	}
	var s script
	var runs []string
	for _, statement := range statements {
		if !statement.Elsewhere(b) {
			runs = append(runs, statement.Text)
			continue
		}
		for _, c := range statement.Calls {
			asked, err := question(c)
			if err != nil {
				return script{}, err
			}
			if asked != "" {
				s.parsed = append(s.parsed, asked)
			}
		}
	}
	s.run = strings.Join(runs, "\n")
	return s, nil
}

// question is the command that makes the program parse the words and do nothing else.
func question(c manual.Call) (string, error) {
	switch c.Word(0) {
	case "helm", "kubectl":
		words := slices.Clone(c.Expr.Args)
		at := slices.Index(c.Words, "--")
		if at < 0 {
			at = len(words)
		}
		help := &syntax.Word{Parts: []syntax.WordPart{&syntax.Lit{Value: "--help"}}}
		return manual.Printed(&syntax.CallExpr{Assigns: c.Expr.Assigns, Args: slices.Insert(words, at, help)}), nil
	case "make":
		root, err := checkout.Path(".")
		words := append([]string{"make", "-n", "-C", root}, c.Words[1:]...)
		return strings.Join(words, " "), err
	case "go":
		return "", testExists(c)
	default:
		return "", nil
	}
}

// testExists looks for the test that go is told to run.
func testExists(c manual.Call) error {
	at := slices.Index(c.Words, "-run")
	if at < 0 {
		return nil
	}
	name := regexp.QuoteMeta(c.Word(at + 1))
	folder := "."
	for i, word := range c.Words {
		if word == "-C" {
			folder = c.Word(i + 1)
		}
	}
	for _, word := range c.Words {
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
	return fmt.Errorf("there is no test %s in %s", c.Word(at+1), folder)
}
