//go:build browser

package browser_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// written is a page that the plugin wrote, and what must be seen on it.
type written struct {
	name, page string
	texts      []string
	// drawn are titles in the picture, and drawings what is drawn besides.
	drawn, drawings []string
	screens         []screen
}

const mistaken = `coder:
  replicaCount: %d
  env:
    - name: CODER_ACCESS_URL
      value: %q
    - name: CODER_DERP_SERVER_RELAY_URL
      value: %q
    - name: CODER_PG_CONNECTION_URL
      valueFrom:
        secretKeyRef: {name: coder-db-url, key: url}
`

// small is a report on three replicas with mistakes and a real database.
func small(t *testing.T) written {
	t.Helper()
	server, err := postgrestest.Start(t.Context(), postgrestest.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	url, err := server.CreateDatabase(t.Context(), "coder")
	require.NoError(t, err)
	dir := t.TempDir()
	values(t, dir, 3, "https://coder.example.com", "https://coder.example.com")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "url"), []byte(url), 0o600))
	w := report(t, dir, "small", "-f", "values.yaml", "--postgres-url-file", "url")
	w.drawn, w.drawings = []string{"coder-0", "coder-1", "coder-2", "3 replicas"}, []string{"bars"}
	w.texts = append(w.texts, "Remedy", "Not verified", "coder-0")
	w.screens = []screen{phoneLight, phoneDark, deskLight, deskDark, paper}
	return w
}

// hostile is a report on texts that try to be more than texts.
func hostile(t *testing.T) written {
	t.Helper()
	dir := t.TempDir()
	values(t, dir, 3, `https://coder.example.com/"><script>document.title='owned'</script><img src=//127.0.0.1:9/x>`+strings.Repeat("x", 200),
		`http://$(KUBE_POD_IP):3000/</svg></style><b>大大大大</b>`+strings.Repeat("y", 200))
	w := report(t, dir, "hostile", "-f", "values.yaml")
	w.drawn, w.screens = []string{"coder-0", "coder-1", "coder-2"}, []screen{phoneLight, deskDark}
	return w
}

// large is a report on 50 replicas that each asked all others. What they answered is
// written into the facts of a run.
func large(t *testing.T) written {
	t.Helper()
	const replicas = 50
	dir := t.TempDir()
	values(t, dir, replicas, "https://coder.example.com", "https://coder.example.com")
	plugin(t, dir, 1, "validate", "-n", "coder", "-f", "values.yaml", "--facts-out", "facts.json")
	text, err := os.ReadFile(filepath.Join(dir, "facts.json"))
	require.NoError(t, err)
	var saved map[string]any
	require.NoError(t, json.Unmarshal(text, &saved))
	var places, mesh []any
	for from := range replicas {
		position := fmt.Sprintf("coder-%d", from)
		places = append(places, map[string]any{"position": position})
		for to := range replicas {
			relay := map[string]any{"target": "http://relay", "latency": latency((from*7 + to*3) % 40)}
			if to == 7 {
				relay = map[string]any{"target": "http://relay", "failure": map[string]any{"cause": "refused", "message": "connection refused"}}
			}
			mesh = append(mesh, map[string]any{"from": position, "to": fmt.Sprintf("coder-%d", to), "relay": relay})
		}
	}
	found, is := saved["facts"].(map[string]any)
	require.True(t, is)
	found["places"], found["mesh"] = places, mesh
	text, err = json.Marshal(saved)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "asked.json"), text, 0o600))
	w := report(t, dir, "large", "--facts", "asked.json")
	w.drawn, w.drawings = []string{"50 replicas", "coder-0", "replicas more"}, []string{"map"}
	w.texts = append(w.texts, "coder-7, relay URL: connection refused (asked from coder-0, coder-1, coder-2 and 47 more positions)",
		"49 of 50", "coder-49")
	w.screens = []screen{phoneDark, deskLight}
	return w
}

func latency(ms int) map[string]any {
	ns := (ms + 1) * 100_000
	return map[string]any{"minNs": ns, "medianNs": ns, "p95Ns": ns, "jitterNs": 0, "samplesNs": []int{ns}}
}

func values(t *testing.T, dir string, replicas int, access, relay string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "values.yaml"), fmt.Appendf(nil, mistaken, replicas, access, relay), 0o600))
}

// report writes a page and the same report as JSON, whose findings must be seen.
func report(t *testing.T, dir, name string, args ...string) written {
	t.Helper()
	plugin(t, dir, 1, append([]string{"validate", "-n", "coder", "-o", "html=" + name + ".html", "-o", "json=report.json"}, args...)...)
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	require.NoError(t, err)
	var r struct {
		Checks []struct {
			Title, Status string
			Findings      []struct{ Message, Observed, Expected, Remedy string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &r))
	w := written{name: name, page: filepath.Join(dir, name+".html")}
	findings := 0
	for _, c := range r.Checks {
		if c.Status == "failed" {
			w.texts = append(w.texts, c.Title)
		}
		for _, f := range c.Findings {
			findings++
			remedy, snippet, _ := strings.Cut(f.Remedy, "\n")
			for _, text := range []string{f.Message, f.Observed, f.Expected, remedy, snippet} {
				if text != "" {
					w.texts = append(w.texts, strings.TrimSpace(text))
				}
			}
		}
	}
	require.Greater(t, findings, 2)
	return w
}

func plugin(t *testing.T, dir string, code int, args ...string) {
	t.Helper()
	path, err := checkout.Plugin()
	require.NoError(t, err)
	got, err := command.Command{Path: path, Args: args, Dir: dir, Env: command.Environment(dir)}.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, code, got.Code, "%s", got.Stderr)
}
