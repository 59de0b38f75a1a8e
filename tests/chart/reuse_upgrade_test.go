package chart_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// emptyCluster answers what Helm asks before an upgrade, and has no objects.
func emptyCluster(t *testing.T) (kubeconfig string) {
	t.Helper()
	answers := map[string]string{
		"/version":        `{"major":"1","minor":"34","gitVersion":"v1.34.0"}`,
		"/api":            `{"kind":"APIVersions","versions":["v1"]}`,
		"/api/v1":         `{"kind":"APIResourceList","groupVersion":"v1","resources":[]}`,
		"/apis":           `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"policy","versions":[{"groupVersion":"policy/v1","version":"v1"}]}]}`,
		"/apis/policy/v1": `{"kind":"APIResourceList","groupVersion":"policy/v1","resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget","namespaced":true,"verbs":["list"]}]}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			body = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
		}
		_, err := w.Write([]byte(body))
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "c",
		"clusters": []any{map[string]any{"name": "c", "cluster": map[string]any{"server": server.URL}}},
		"contexts": []any{map[string]any{"name": "c", "context": map[string]any{"cluster": "c"}}},
	})
	require.NoError(t, err)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(kubeconfig, text, 0o600))
	return kubeconfig
}

// TestAnUpgradeThatReusesTheValuesOfTheUpstreamChart lets helm upgrade itself take a
// release of the upstream chart over, from Helm's storage in memory: with the values
// and the defaults of that chart, and with its values alone.
func TestAnUpgradeThatReusesTheValuesOfTheUpstreamChart(t *testing.T) {
	t.Setenv("KUBECONFIG", emptyCluster(t))
	t.Setenv("HELM_DRIVER", "memory")
	var defaults map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(upstreamDefaults(t, upstream.Releases[0])), &defaults))
	for _, values := range userValues {
		release, err := json.Marshal([]any{map[string]any{
			"name": "prod", "namespace": "coder", "version": 1, "info": map[string]any{"status": "deployed"},
			"config": valuesOf(t, values),
			"chart": map[string]any{
				"metadata": map[string]any{"name": "coder", "version": "2.36.1", "apiVersion": "v2"}, "values": defaults,
			},
		}})
		require.NoError(t, err)
		file := filepath.Join(valuesDir, "releases.yaml")
		require.NoError(t, os.WriteFile(file, release, 0o600))
		t.Setenv("HELM_MEMORY_DRIVER_DATA", file)
		bothHelms(t, func(t *testing.T) {
			equalObjects(t, byKey(t, upgraded(t, "--reset-then-reuse-values")), byKey(t, upgraded(t, "--reuse-values")))
		})
	}
}

// upgraded is what an upgrade of the release in Helm's storage would apply.
func upgraded(t *testing.T, reuse string) []runtime.Object {
	t.Helper()
	options := &helm.Options{Logger: logger.Discard, KubectlOptions: k8s.NewKubectlOptions("", os.Getenv("KUBECONFIG"), "coder")}
	stdout, err := helm.RunHelmCommandAndGetStdOutContextE(t, renderContext(t), options,
		"upgrade", "prod", chartDir, reuse, "--dry-run=client", "--hide-notes")
	require.NoError(t, err)
	_, manifest, found := strings.Cut(stdout, "MANIFEST:\n")
	require.True(t, found, stdout)
	return decode(t, manifest)
}
