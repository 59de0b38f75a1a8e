package plugin_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestTheScreenInTheREADMEIsTrue runs the README's example and looks for each
// of its lines. The mistake in it is the first one of the demo.
func TestTheScreenInTheREADMEIsTrue(t *testing.T) {
	path, err := checkout.Path("README.md")
	require.NoError(t, err)
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "```console screen\n$ helm coder-ha validate -n coder -f values.yaml\n")
	require.True(t, found, "the README starts with another screen")
	screen, rest, found := strings.Cut(rest, "$ echo $?\n")
	require.True(t, found)
	code, _, _ := strings.Cut(rest, "\n")

	values, err := checkout.Path("tests/demo/relay-is-access-url.yaml")
	require.NoError(t, err)
	text, err := os.ReadFile(values)
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, writeFile("values.yaml", string(text)))
	got := newHelm(t, "").alone(t, "validate", "-n", "coder", "-f", "values.yaml")

	assert.Equal(t, "1", code)
	assert.Equal(t, 1, got.Code)
	printed := strings.Split(got.Stdout, "\n")
	for line := range strings.Lines(screen) {
		if line != "[...]\n" {
			assert.Contains(t, printed, strings.TrimSuffix(line, "\n"))
		}
	}
}
