package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// TestFactsAreJudgedAgainWithoutTheirSource compares the whole report.
func TestFactsAreJudgedAgainWithoutTheirSource(t *testing.T) {
	bad := strings.Replace(goodManifest, "http://$(KUBE_POD_IP):8080", "https://coder.example.com", 1)
	for manifest, code := range map[string]int{goodManifest: run.ExitOK, bad: run.ExitFindings} {
		path := filepath.Join(t.TempDir(), "facts.json")
		once := command(t, manifest, "validate", "--manifest", "-", "--facts-out", path, "-o", "json")
		assert.Equal(t, code, once.code)
		assert.Empty(t, once.err)
		again := command(t, "", "validate", "--facts", path, "-o", "json")
		assert.Equal(t, once, again)
		saved, err := os.ReadFile(path)
		require.NoError(t, err)
		piped := command(t, string(saved), "validate", "--facts", "-", "-o", "json")
		assert.Equal(t, once, piped)
		strict := command(t, "", "validate", "--facts", path, "--strict")
		assert.Equal(t, run.ExitFindings, strict.code, "another setting, another verdict")
		skipped := command(t, "", "validate", "--facts", path, "--skip", "relay-url-equals-access-url")
		assert.Contains(t, skipped.out, "suppressed by --skip")
		page := command(t, "", "facts", path)
		assert.Equal(t, run.ExitOK, page.code, page.err)
		for _, want := range []string{"gathered  20", "StatefulSet coder/coder, Coder 2.38", "replica   coder-2: relay ", "missing   an answer of the database: "} {
			assert.Contains(t, page.out, want)
		}
	}
}

func TestFactsHoldNoSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "facts.json")
	// Nothing listens there, and the password is in what is asked.
	url := "postgres://coder:hunter2hunter@127.0.0.1:1/coder"
	t.Setenv("CODER_PG_CONNECTION_URL", url)
	once := command(t, strings.Replace(goodManifest, "valueFrom: {secretKeyRef: {name: db, key: url}}", `value: "`+url+`"`, 1), "validate", "--manifest", "-", "--facts-out", path, "-o", "json")
	saved, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(saved), "hunter2")
	assert.Contains(t, string(saved), "127.0.0.1")
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	again := command(t, "", "validate", "--facts", path, "-o", "json")
	assert.Equal(t, once.code, again.code)
	assert.Equal(t, once.out, again.out)
	page := command(t, "", "facts", path)
	assert.Contains(t, page.out, "not reached: ")
	assert.NotContains(t, page.out, "hunter2")
}

func TestFactsThatCannotBeUsedAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "facts.json")
	require.Equal(t, run.ExitOK, command(t, goodManifest, "validate", "--manifest", "-", "--facts-out", path).code)
	newer := filepath.Join(dir, "newer.json")
	require.NoError(t, os.WriteFile(newer, []byte(`{"schemaVersion": "2", "facts": {}}`), 0o600))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"validate", "--facts", newer}, newer + `: not a facts file of coder-ha of version 1: its version is "2"; read it with a version of the plugin that knows it`},
		{[]string{"facts", newer}, `its version is "2"`},
		{[]string{"facts", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"facts"}, "accepts 1 arg(s)"},
		{[]string{"validate", "--facts", path, "-f", "v.yaml"}, "--facts has what --values would gather: leave one out"},
		{[]string{"postgres", "--facts", path, "--postgres-auth", "password"}, "--facts has what --postgres-auth would gather"},
		{[]string{"validate", "--facts", path, "--facts-out", "x"}, "--facts has what --facts-out would gather"},
		{[]string{"validate", "--facts", path, "chart"}, `--facts has the replicas already: leave out "chart"`},
		{[]string{"validate", "--facts", path, "--coder-version", "2.37"}, "--coder-version: " + path + " says which version"},
		{[]string{"validate", "--manifest", "-", "--facts-out", filepath.Join(dir, "none", "x")}, "--facts-out: stat "},
	} {
		got := command(t, goodManifest, c.args...)
		assert.Equal(t, run.ExitUnable, got.code, c.args)
		assert.Contains(t, got.err, c.want)
		assert.Empty(t, got.out)
		assert.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
	}
}

func TestHostileFactsAreShownAsText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facts.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"schemaVersion":"1","facts":{"deployment":{"source":"\u001b[2J\n::error::forged\ncoder-ha: forged","workloads":[{"name":"\u202e"}],
		"replicas":[{"name":"\n::error::forged","variables":{"CODER_ACCESS_URL":{"state":"known","text":"\u001b]0;x"}}}]},"gaps":{"postgres":{"reason":"\n##[error]"}}}}`), 0o600))
	held(t, command(t, "", "facts", path), "facts")
	held(t, command(t, "", "validate", "--facts", path), "validate")
}
