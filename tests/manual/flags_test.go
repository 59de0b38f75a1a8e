package manual_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// A flag in a sentence, and those that a program lists.
var (
	inSentence = regexp.MustCompile(`(?:^|\s)(--[a-z][a-z0-9-]+)`)
	listed     = regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[a-z][a-z0-9-]+)`)
	subcommand = regexp.MustCompile(`(?m)^  ([a-z]+) {2,}`)
)

// ofOthers are flags of programs that the manual only speaks of.
var ofOthers = map[string]string{
	"--grace-period": "kubectl delete",
	"--tls-enable":   "coder server", "--tls-cert-file": "coder server", "--tls-key-file": "coder server", "--write-config": "coder server",
}

// TestTheFlagsInSentencesExist takes the flags that the pages name outside of blocks, and
// looks for them in what the plugin and Helm list. Blocks are run.
func TestTheFlagsInSentencesExist(t *testing.T) {
	ours, err := checkout.Plugin()
	require.NoError(t, err)
	helm, err := checkout.Helm3()
	require.NoError(t, err)
	known := map[string]bool{}
	for _, name := range subcommands(t, ours) {
		learn(t, known, ours, name)
	}
	for _, words := range [][]string{{"install"}, {"upgrade"}, {"template"}, {"test"}, {"plugin", "install"}} {
		learn(t, known, helm, words...)
	}
	seen, named := 0, map[string]bool{}
	for _, p := range pages(t) {
		for _, code := range p.Codes() {
			for _, m := range inSentence.FindAllStringSubmatch(code, -1) {
				seen++
				named[m[1]] = true
				assert.True(t, known[m[1]] || ofOthers[m[1]] != "", "%s: no program has %s, of `%s`", p.File, m[1], code)
			}
		}
	}
	for flag, program := range ofOthers {
		assert.True(t, named[flag], "no page speaks of %s of %s any more", flag, program)
	}
	assert.Greater(t, seen, 50)
}

func help(t *testing.T, program string, words ...string) string {
	t.Helper()
	got, err := command.Command{Path: program, Args: append(words, "--help"), Env: command.Environment(t.TempDir())}.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, got.Code, got.Stderr)
	return got.Stdout
}

func subcommands(t *testing.T, program string) []string {
	t.Helper()
	var names []string
	for _, m := range subcommand.FindAllStringSubmatch(help(t, program), -1) {
		names = append(names, m[1])
	}
	require.NotEmpty(t, names)
	return names
}

// learn adds the flags of a command.
func learn(t *testing.T, known map[string]bool, program string, words ...string) {
	t.Helper()
	for _, m := range listed.FindAllStringSubmatch(help(t, program, words...), -1) {
		known[m[1]] = true
	}
}
