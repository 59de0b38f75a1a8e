package manual_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// live is evidence that no file has.
var live = []string{"postgres", "pods", "mesh", "coder-api"}

// certificates are judged where there are some: the tests of their checks make them.
var certificates = []string{"relay-tls-san", "relay-tls-untrusted"}

// TestTheMistakesBehindSymptomsAreFound makes each mistake that docs/troubleshooting.md
// names and that stands in files. Its check reports it, and is quiet where all is right.
func TestTheMistakesBehindSymptomsAreFound(t *testing.T) {
	base := rendered(t)
	right := found(t, "--manifest", written(t, "right.yaml", base))
	made := map[string]bool{}
	for _, s := range inPods {
		made[s.check] = true
		t.Run(s.check, func(t *testing.T) {
			text := base
			for i := 0; i < len(s.change); i += 2 {
				require.Equal(t, 1, strings.Count(text, s.change[i]), "the chart makes something else now: %s", s.change[i])
				text = strings.Replace(text, s.change[i], s.change[i+1], 1)
			}
			if s.more != "" {
				text += "\n---" + s.more
			}
			assert.Contains(t, found(t, append(s.flags, "--manifest", written(t, "wrong.yaml", text))...), s.check)
			if s.check != "built-in-provisioners" {
				assert.NotContains(t, right, s.check)
			}
		})
	}
	hosts := renderedHosts(t)
	quiet := found(t, "--env-dir", hosts, "--unit", filepath.Join(hosts, "coder.service.d"))
	for _, h := range onHosts {
		made[h.check] = true
		t.Run(h.check, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(hosts)))
			second := filepath.Join(dir, "coder-2.env")
			text, err := os.ReadFile(second)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(second, append(text, h.lines...), 0o600))
			args := append([]string{"--env-dir", dir}, h.flags...)
			if h.unit != "" {
				args = append(args, "--unit", written(t, "coder.service", h.unit))
			}
			assert.Contains(t, found(t, args...), h.check)
			assert.NotContains(t, quiet, h.check)
		})
	}
	assertAllMade(t, made)
}

// assertAllMade holds the tables to the page: what stands in files is made, and nothing
// else.
func assertAllMade(t *testing.T, made map[string]bool) {
	t.Helper()
	page, err := manual.Open("docs/troubleshooting.md")
	require.NoError(t, err)
	named := page.Codes()
	for _, c := range checks(t) {
		isLive := func(kind string) bool { return slices.Contains(live, kind) }
		ofFiles := !slices.ContainsFunc(c.Needs, isLive) && !slices.Contains(c.Uses, "mesh") && !slices.Contains(c.Needs, "nodes")
		switch {
		case !slices.Contains(named, c.ID):
			assert.False(t, made[c.ID], "docs/troubleshooting.md does not name %s any more", c.ID)
		case ofFiles && !slices.Contains(certificates, c.ID):
			assert.True(t, made[c.ID], "docs/troubleshooting.md names %s, and no mistake of the tables is for it", c.ID)
		default:
			assert.False(t, made[c.ID], "%s is not about files alone", c.ID)
		}
	}
}

// rendered is what Helm makes of the chart and the values on docs/high-availability.md.
func rendered(t *testing.T) string {
	t.Helper()
	helm, err := checkout.Helm3()
	require.NoError(t, err)
	chart, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	values := written(t, "values.yaml", shown(t, "docs/high-availability.md", "values.yaml"))
	got, err := command.Command{
		Path: helm, Args: []string{"template", "coder", chart, "-n", "coder", "-f", values}, Env: command.Environment(t.TempDir()),
	}.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, got.Code, got.Stderr)
	return got.Stdout
}

// renderedHosts are the files that the plugin makes of the plan on docs/hosts.md.
func renderedHosts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	plan := written(t, "nodes.yaml", shown(t, "docs/hosts.md", "nodes.yaml"))
	url := written(t, "url", "postgres://coder@db.invalid/coder")
	got := plugin(t, "render", "-f", plan, "--format", "systemd", "--out", dir, "--postgres-url-file", url)
	require.Zero(t, got.Code, got.Stderr)
	return dir
}

// shown is a file that a page shows.
func shown(t *testing.T, page, file string) string {
	t.Helper()
	p, err := manual.Open(page)
	require.NoError(t, err)
	for _, b := range p.Blocks() {
		if b.File() == file {
			return b.Text
		}
	}
	require.Fail(t, page+" does not show "+file)
	return ""
}

// found are the ids of the checks that validate reports.
func found(t *testing.T, args ...string) []string {
	t.Helper()
	got := plugin(t, append([]string{"validate", "-o", "json"}, args...)...)
	require.LessOrEqual(t, got.Code, 1, got.Stderr)
	var report struct{ Checks []struct{ ID, Status string } }
	require.NoError(t, json.Unmarshal([]byte(got.Stdout), &report))
	var ids []string
	for _, c := range report.Checks {
		if c.Status == "failed" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func plugin(t *testing.T, args ...string) command.Result {
	t.Helper()
	program, err := checkout.Plugin()
	require.NoError(t, err)
	got, err := command.Command{Path: program, Args: args, Env: command.Environment(t.TempDir())}.Run(t.Context())
	require.NoError(t, err)
	return got
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(at, []byte(text), 0o600))
	return at
}
