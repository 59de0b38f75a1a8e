package source

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
)

const url = "postgres://coder:hunter2@db.example.com/coder"

// deployed is a deployment whose database URL is the given YAML.
func deployed(databaseURL string) string {
	return `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.38.0
        env:
        - {name: CODER_PG_AUTH, value: awsiamrds}
        - {name: CODER_OIDC_CLIENT_SECRET, value: hunter2}
        - {name: CODER_PG_CONNECTION_URL, ` + databaseURL + `}
`
}

// cluster is an API server with one Secret, and counts how often it is asked.
func cluster(t *testing.T) *atomic.Int32 {
	t.Helper()
	asked := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{
			"kind": "Secret", "apiVersion": "v1", "metadata": map[string]any{"name": "db"}, "data": map[string][]byte{"url": []byte(url)},
		}))
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server.URL), 0o600))
	t.Setenv("KUBECONFIG", path)
	return asked
}

func TestASecretIsResolvedAndLeavesOnlyBesideTheModel(t *testing.T) {
	for name, c := range map[string]struct {
		databaseURL, origin string
		asked               int32
	}{
		"in the open":              {`value: "` + url + `"`, coder.PostgresURL + " in (standard input)", 0},
		"in a Secret of the input": {"valueFrom: {secretKeyRef: {name: given, key: url}}", "", 0},
		"in a Secret of the cluster": {
			"valueFrom: {secretKeyRef: {name: db, key: url}}", "key url of Secret coder/db in the cluster", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := cluster(t)
			input := deployed(c.databaseURL) + "---\n{apiVersion: v1, kind: Secret, metadata: {name: given, namespace: coder}, stringData: {url: \"" + url + "\"}}\n"
			r := Request{Manifests: []string{"-"}, In: strings.NewReader(input), ResolveURL: true, Chart: chart.Options{Settings: chart.NewSettings()}}
			got, err := r.Describe(t.Context(), digest.NewKey())
			require.NoError(t, err)
			require.Nil(t, got.Gap)
			require.Len(t, got.URLs, 1)
			assert.Equal(t, url, got.URLs[0].Text)
			if c.origin != "" {
				assert.Equal(t, c.origin, got.URLs[0].Origin)
			}
			assert.Equal(t, "awsiamrds", got.PostgresAuth)
			assert.Equal(t, c.asked, asked.Load())

			text, err := json.Marshal(got.Deployment)
			require.NoError(t, err)
			assert.NotContains(t, string(text), "hunter2")
			require.Len(t, got.Deployment.Replicas, 3)
			for _, replica := range got.Deployment.Replicas {
				assert.Equal(t, "db.example.com", replica.Database.Host().Name, "what decides is kept")
			}
		})
	}
}

func TestTheClusterIsNotAskedWhereTheURLIsGiven(t *testing.T) {
	asked := cluster(t)
	input := deployed("valueFrom: {secretKeyRef: {name: db, key: url}}")
	r := Request{Manifests: []string{"-"}, In: strings.NewReader(input), Chart: chart.Options{Settings: chart.NewSettings()}}
	got, err := r.Describe(t.Context(), digest.NewKey())
	require.NoError(t, err)
	assert.Empty(t, got.URLs)
	assert.Zero(t, asked.Load())
}

func TestARepositoryThatIsNotAskedIsSaid(t *testing.T) {
	var said []string
	r := Request{Chart: chart.Options{Chart: t.TempDir(), Path: chart.Path{RepoURL: "https://me:pa55@charts.example.com"}, Settings: chart.NewSettings()}}
	r.Say = func(sentence string) { said = append(said, sentence) }
	_, err := r.Describe(t.Context(), digest.NewKey())
	require.Error(t, err, "the folder is empty")
	assert.Equal(t, []string{"--repo is ignored: the chart is a file or folder here"}, said)
}
