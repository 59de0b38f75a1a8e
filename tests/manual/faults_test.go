package manual_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/faults"
)

// TestEachFaultOfTheTableIsTriedOnTheCluster finds the name of each row in the tests of
// the cluster. Those tests hold the plugin to the row that they name, and fail without
// one.
func TestEachFaultOfTheTableIsTriedOnTheCluster(t *testing.T) {
	all, err := faults.Read()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	named := textsOfTests(t, "tests/e2e")
	checks, err := checkout.Path("docs/checks.md")
	require.NoError(t, err)
	page, err := os.ReadFile(checks)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, f := range all {
		assert.True(t, named[f.Name], "%s: no test of tests/e2e tries %q", faults.Page, f.Name)
		assert.False(t, seen[f.Name], "%s: %q is there twice", faults.Page, f.Name)
		seen[f.Name] = true
		assert.NotEmpty(t, f.Says, f.Name)
		if f.Status == "" {
			assert.Empty(t, f.Check, f.Name)
			continue
		}
		assert.Contains(t, string(page), "\n### "+f.Check+"\n", "%s: %s", faults.Page, f.Name)
	}
}

// textsOfTests are the texts in the tests of a folder.
func textsOfTests(t *testing.T, folder string) map[string]bool {
	t.Helper()
	at, err := checkout.Path(folder)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(at, "*_test.go"))
	require.NoError(t, err)
	texts := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				texts[text] = true
			}
			return true
		})
	}
	return texts
}
