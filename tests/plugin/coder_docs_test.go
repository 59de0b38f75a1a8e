package plugin_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// filledIn is what Coder's pages tell the reader to put in.
var filledIn = strings.NewReplacer(
	"<project-specific UID>", "1000650000",
	"<project-specific GID>", "1000650000",
	"[...]\n", "\n",
	"- name: \"CODER_PG_CONNECTION_URL\"\n      value: \"\"\n", "\n",
)

// inCodersDocs says what is known of the values on Coder's pages that are not right
// as they stand, by page and, from the second one on, by number.
var inCodersDocs = map[string]struct {
	// other says whose values they are, if not those of a coderd.
	other string
	// refused is how this chart refuses them, unread how the plugin refuses what the
	// charts make of them, as the API server would.
	refused, unread string
	// fails are the checks that fail for what either chart makes of them.
	fails []string
}{
	"admin/networking/workspace-proxies.md": {other: "a workspace proxy"},
	"admin/provisioners/index.md":           {other: "the chart of external provisioners"},
	"ai-coder/ai-gateway/standalone.md":     {other: "the chart of the AI gateway"},
	"ai-coder/ai-gateway/standalone.md 2":   {other: "the chart of the AI gateway"},
	"admin/setup/index.md":                  {refused: "The chart has no key coder.ingress.secretName (the nearest key is coder.ingress.tls.secretName"},
	"install/openshift.md":                  {unread: "seccompProfile must be a mapping, not a string"},
	"install/airgap.md":                     {fails: []string{"image-mutable-tag"}},
}

// TestTheValuesInCodersDocsStayClean takes the values out of Coder's documentation,
// has three replicas made of them by this chart and by Coder's own, and judges them.
func TestTheValuesInCodersDocsStayClean(t *testing.T) {
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	theirs, err := charts.Write(t.TempDir(), "coder", upstream.Version{Chart: "2.36.1", App: "2.36.1"})
	require.NoError(t, err)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	seen := documentedValues(t)
	for name := range inCodersDocs {
		assert.Contains(t, seen, name, "no page has it any more")
	}
	assert.Greater(t, len(seen), 20)
	for name, values := range seen {
		known := inCodersDocs[name]
		if known.other != "" {
			continue
		}
		t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) {
			t.Parallel()
			h := newHelm(t, path)
			file := filepath.Join(h.home, "values.yaml")
			require.NoError(t, writeFile(file, values))
			if known.refused != "" {
				got := h.run(t, "template", "coder", chart(t), "-n", "coder", "-f", file)
				assert.Equal(t, 1, got.Code)
				assert.Contains(t, got.Stderr, known.refused)
			} else {
				h.judge(t, h.template(t, chart(t), file), known.unread, known.fails)
			}
			h.judge(t, h.template(t, theirs, file), known.unread, known.fails)
		})
	}
}

// judge holds the checks that fail with more than advice to those that are known.
func (h helm) judge(t *testing.T, manifests, unread string, fails []string) {
	t.Helper()
	got := h.validate(t, manifests)
	if unread != "" {
		assert.Equal(t, 2, got.Code)
		assert.Contains(t, got.Stderr, unread)
		return
	}
	r := parseReport(t, got.Stdout)
	assert.ElementsMatch(t, fails, r.loud(), got.Stdout)
	assert.Len(t, r.Deployment.Replicas, 3)
}

// documentedValues are the values files in Coder's documentation, by page. What a
// page does not say is added: three replicas, an access URL and a database.
func documentedValues(t *testing.T) map[string]string {
	t.Helper()
	examples, err := upstream.Examples(t.Context())
	require.NoError(t, err)
	all := map[string]string{}
	for _, e := range examples {
		var values map[string]any
		if e.Language != "yaml" || yaml.Unmarshal([]byte(filledIn.Replace(e.Text)), &values) != nil {
			continue
		}
		coder, ok := values["coder"].(map[string]any)
		if !ok {
			continue
		}
		if coder["replicaCount"] == nil {
			coder["replicaCount"] = 3
		}
		env, _ := coder["env"].([]any)
		coder["env"] = withURLs(env)
		text, err := yaml.Marshal(values)
		require.NoError(t, err)
		name := e.Page
		for n := 2; all[name] != ""; n++ {
			name = fmt.Sprintf("%s %d", e.Page, n)
		}
		all[name] = string(text)
	}
	return all
}

// withURLs adds the two URLs that a deployment needs and an environment lacks.
func withURLs(env []any) []any {
	for name, rest := range map[string]map[string]any{
		"CODER_ACCESS_URL": {"value": "https://coder.example.com"},
		"CODER_PG_CONNECTION_URL": {
			"valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "coder-db-url", "key": "url"}},
		},
	} {
		if !slices.ContainsFunc(env, func(entry any) bool {
			named, _ := entry.(map[string]any)
			return named["name"] == name
		}) {
			rest["name"] = name
			env = append(env, rest)
		}
	}
	return env
}

// TestTheRelayURLInCodersDocsFitsPort80 puts the environment that Coder's page on
// high availability gives for Kubernetes into a Deployment: its relay URL has no
// port, so coderd must listen on 80, as in the page's table.
func TestTheRelayURLInCodersDocsFitsPort80(t *testing.T) {
	examples, err := upstream.Examples(t.Context())
	require.NoError(t, err)
	at := slices.IndexFunc(examples, func(e upstream.Example) bool {
		return e.Page == "admin/networking/high-availability.md" && e.Language == "yaml"
	})
	require.GreaterOrEqual(t, at, 0)
	var page struct{ Env []any }
	require.NoError(t, yaml.Unmarshal([]byte(examples[at].Text), &page))
	require.Len(t, page.Env, 2)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	for port, fails := range map[int][]string{
		80:   nil,
		8080: {"relay-url-port-mismatch"},
	} {
		t.Run(strconv.Itoa(port), func(t *testing.T) {
			t.Parallel()
			text, err := yaml.Marshal(ownDeployment(port, append(withURLs(page.Env), map[string]any{"name": "CODER_HTTP_ADDRESS", "value": fmt.Sprintf("0.0.0.0:%d", port)})))
			require.NoError(t, err)
			newHelm(t, path).judge(t, string(text), "", fails)
		})
	}
}

// ownDeployment is a plain Deployment of three replicas that listen on a port, with an
// environment.
func ownDeployment(port int, env []any) map[string]any {
	labels := map[string]any{"app": "coder"}
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "coder", "namespace": "coder"},
		"spec": map[string]any{
			"replicas": 3, "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{
				"terminationGracePeriodSeconds": 60,
				"containers": []any{map[string]any{
					"name": "coder", "image": "ghcr.io/coder/coder:v2.36.1", "args": []any{"server"}, "env": env,
					"readinessProbe": map[string]any{"httpGet": map[string]any{"path": "/healthz", "port": port}},
				}},
			}},
		},
	}
}

// TestTheEnvironmentFilesInCodersDocsStayClean takes them for those of one host.
func TestTheEnvironmentFilesInCodersDocsStayClean(t *testing.T) {
	examples, err := upstream.Examples(t.Context())
	require.NoError(t, err)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, path)
	n := 0
	for _, e := range examples {
		if e.Language != "dotenv" || !strings.Contains(e.Text, "CODER_ACCESS_URL=") {
			continue
		}
		n++
		file := filepath.Join(h.home, fmt.Sprintf("%d.env", n))
		require.NoError(t, writeFile(file, e.Text+"CODER_PG_CONNECTION_URL=postgres://coder:"+password+"@db.internal/coder\n"))
		got := h.alone(t, "validate", "--env-file", "coder="+file, "-o", "json")
		assert.Empty(t, parseReport(t, got.Stdout).loud(), "%s:%d: %s", e.Page, e.Line, got.Stdout)
	}
	assert.GreaterOrEqual(t, n, 3)
}
