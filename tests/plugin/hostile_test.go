//go:build unix

package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// givesNoOrders holds an output to what a terminal and a runner of CI may be given.
func givesNoOrders(t *testing.T, got command.Result) {
	t.Helper()
	for _, text := range []string{got.Stdout, got.Stderr} {
		for _, r := range text {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				assert.Fail(t, "a character that is not shown", "%U in %q", r, text)
				break
			}
		}
		for line := range strings.Lines(text) {
			assert.False(t, strings.HasPrefix(strings.TrimSpace(line), "::"), "a command: %q", line)
			assert.NotContains(t, line, "##[")
			assert.False(t, strings.HasPrefix(line, "forged"), line)
		}
	}
}

// TestAHostileChartUnderHelm renders a chart that quotes a secret of the values and
// tries to give orders.
func TestAHostileChartUnderHelm(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		dir := filepath.Join(t.TempDir(), "hostile")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "templates"), 0o755))
		for name, text := range map[string]string{
			"Chart.yaml": "apiVersion: v2\nname: hostile\nversion: 1.0.0\n",
			"templates/a.yaml": `{{ fail (printf "\x1b[2J\u202e\nforged\n::error::forged ##[error] %s %s %s %s" ` +
				`.Values.url .Values.password (b64enc .Values.password) (substr 0 7 .Values.password)) }}`,
		} {
			require.NoError(t, writeFile(filepath.Join(dir, name), text))
		}
		values := filepath.Join(t.TempDir(), "values.yaml")
		require.NoError(t, writeFile(values, "password: "+password+"\nurl: postgres://coder:"+password+"@db/coder\n"))
		got := h.run(t, "coder-ha", "validate", dir, "-f", values)
		assert.Equal(t, 2, got.Code)
		assert.Contains(t, got.Stderr, "postgres://coder:(hidden)@db/coder (hidden) (hidden) (hidden)")
		assert.Contains(t, got.Stderr, `\x1b[2J\u202e`)
		assert.NotContains(t, got.Stderr, password[:7])
		givesNoOrders(t, got)
	})
}

// TestACredentialPluginTalksThroughTheBorder has a kubeconfig whose credential
// plugin writes to standard error, and a server that repeats its token.
func TestACredentialPluginTalksThroughTheBorder(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		dir := t.TempDir()
		plugin := filepath.Join(dir, "login")
		require.NoError(t, os.WriteFile(plugin, []byte("#!/bin/sh\nprintf 'log in at \\033[2Jhttps://u:"+password+"@login.example.com\\n::error::forged\\n##[error]x\\n' >&2\n"+
			"printf 'and no more' >&2\nexit 1\n"), 0o700))
		kubeconfig := filepath.Join(dir, "config")
		require.NoError(t, writeFile(kubeconfig, `apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: `+plugin+`, interactiveMode: Never}}}]
`))
		got := h.with("KUBECONFIG="+kubeconfig).run(t, "coder-ha", "validate", "-f", "testdata/good.yaml", "--dry-run=server")
		assert.Equal(t, 2, got.Code)
		assert.Contains(t, got.Stderr, `  log in at \x1b[2Jhttps://(hidden)@login.example.com`)
		assert.Contains(t, got.Stderr, "  and no more\n")
		givesNoOrders(t, got)
	})
}
