package chart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// apiServer answers what a test gives it, by path, and 404 for the rest.
type apiServer struct {
	t     *testing.T
	paths map[string]any
	asked []string
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = append(s.asked, r.URL.Path)
	code, body := http.StatusOK, s.paths[r.URL.Path]
	if status, ok := body.(int); ok || body == nil {
		code = http.StatusNotFound
		if ok {
			code = status
		}
		body = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": map[int]string{403: "Forbidden", 401: "Unauthorized", 404: "NotFound"}[code], "code": code}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	assert.NoError(s.t, json.NewEncoder(w).Encode(body))
}

// startAPIServer makes it the cluster of the kubeconfig.
func startAPIServer(t *testing.T, paths map[string]any) *apiServer {
	t.Helper()
	s := &apiServer{t: t, paths: map[string]any{
		"/version": map[string]any{"major": "1", "minor": "33", "gitVersion": "v1.33.4"},
		"/api":     map[string]any{"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis":    map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}},
		"/api/v1": map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": []any{
			map[string]any{"name": "secrets", "kind": "Secret", "namespaced": true, "verbs": []string{"get", "list"}},
			map[string]any{"name": "configmaps", "kind": "ConfigMap", "namespaced": true, "verbs": []string{"get", "list"}},
		}},
	}}
	maps.Copy(s.paths, paths)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	useKubeconfig(t, server.URL)
	return s
}

func useKubeconfig(t *testing.T, server string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server), 0o600))
	t.Setenv("KUBECONFIG", path)
}

// asking renders testdata/asking with the cluster of the kubeconfig.
func asking(ctx context.Context, t *testing.T, set ...string) (*Rendered, error) {
	t.Helper()
	opts := Options{Chart: "testdata/asking", DryRun: DryRunServer, Settings: NewSettings()}
	opts.Settings.SetNamespace("ns")
	opts.Values.Values = set
	return Render(ctx, opts)
}

func configMap(data map[string]string) map[string]any {
	return map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"name": "site"}, "data": data}
}

const (
	siteMap    = "/api/v1/namespaces/ns/configmaps/site"
	siteSecret = "/api/v1/namespaces/ns/secrets/site"
)

// secret holds "hunter2-Secret".
var secret = map[string]any{"kind": "Secret", "apiVersion": "v1", "metadata": map[string]any{"name": "site"}, "data": map[string]string{"password": "aHVudGVyMi1TZWNyZXQ="}}

// dataOf is the content of the one ConfigMap that testdata/asking renders.
func dataOf(t *testing.T, r *Rendered) map[string]any {
	t.Helper()
	require.Len(t, r.Objects, 1)
	var object map[string]any
	require.NoError(t, r.Objects[0].Into(&object))
	return object["data"].(map[string]any)
}

func TestLookupsAndCapabilitiesAreTheClusters(t *testing.T) {
	s := startAPIServer(t, map[string]any{siteMap: configMap(map[string]string{"host": "live.example.com"})})
	got, err := asking(t.Context(), t)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"host": "live.example.com", "kube": "v1.33.4", "apps": "false", "password": "none"}, dataOf(t, got))
	assert.Len(t, got.Lookups.Answered, 2)
	assert.Empty(t, got.Lookups.Open)

	s.asked = nil
	opts := Options{Chart: "testdata/asking", KubeVersion: "v1.31.0", Settings: NewSettings()}
	got, err = Render(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"host": "none", "kube": "v1.31.0", "apps": "true", "password": "none"}, dataOf(t, got))
	assert.Empty(t, s.asked, "without --dry-run=server nobody asks the cluster")
}

func TestWhatIsMadeOfASecretIsMarked(t *testing.T) {
	startAPIServer(t, map[string]any{siteMap: configMap(map[string]string{"host": "live.example.com"}), siteSecret: secret})
	got, err := asking(t.Context(), t)
	require.NoError(t, err)
	assert.Equal(t, "hunter2-secret", dataOf(t, got)["password"], "lower-cased by the template")
	o := got.Objects[0]
	assert.True(t, got.FromSecrets.At(o, "data", "password"))
	assert.False(t, got.FromSecrets.At(o, "data", "host"))
	assert.False(t, got.FromSecrets.At(o, "metadata"))
}

func TestNoErrorQuotesASecret(t *testing.T) {
	startAPIServer(t, map[string]any{siteSecret: secret})
	got, err := asking(t.Context(), t, "refuse=true")
	require.NoError(t, err)
	assert.Equal(t, hiddenRefusal, got.Refusal)
	assert.True(t, got.Lookups.Refused)
	_, err = asking(t.Context(), t, "quote=true")
	require.ErrorIs(t, err, errHidden)
	_, err = asking(t.Context(), t, "broken=true")
	assert.ErrorContains(t, err, "error calling index", "an error without a Secret is shown")
}

func TestALookupThatIsForbiddenIsLeftOpen(t *testing.T) {
	startAPIServer(t, map[string]any{siteMap: http.StatusForbidden, siteSecret: secret})
	got, err := asking(t.Context(), t)
	require.NoError(t, err)
	assert.Equal(t, "none", dataOf(t, got)["host"])
	require.Len(t, got.Lookups.Open, 1)
	assert.Equal(t, "configmaps ns/site", got.Lookups.Open[0].String())
	assert.Equal(t, "the verb get on configmaps in namespace ns", got.Lookups.Open[0].Right())
	o := got.Objects[0]
	assert.True(t, got.Open.At(o, "data", "host"), "it would be another one")
	assert.False(t, got.Open.At(o, "data", "password"))
	assert.True(t, got.FromSecrets.At(o, "data", "password"), "the other lookups are answered")
}

func TestCapabilitiesThatAreForbiddenAreNamed(t *testing.T) {
	startAPIServer(t, map[string]any{"/version": http.StatusForbidden})
	got, err := asking(t.Context(), t)
	require.NoError(t, err)
	require.Len(t, got.Lookups.Open, 1)
	assert.Equal(t, "the verb get on /version", got.Lookups.Open[0].Right())
	assert.Equal(t, DefaultKubeVersion(), dataOf(t, got)["kube"])
}

func TestAClusterThatDoesNotAnswerIsNamedOnce(t *testing.T) {
	useKubeconfig(t, "http://127.0.0.1:1")
	_, err := asking(t.Context(), t)
	require.ErrorContains(t, err, "--dry-run=server: the cluster at http://127.0.0.1:1 does not answer: dial tcp")
	assert.Equal(t, 1, strings.Count(err.Error(), "http://127.0.0.1:1"))

	startAPIServer(t, map[string]any{"/version": http.StatusUnauthorized})
	_, err = asking(t.Context(), t)
	require.ErrorContains(t, err, "does not accept the credentials")

	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, err = asking(t.Context(), t)
	require.ErrorContains(t, err, "--dry-run=server: no kubeconfig names a cluster")
}

func TestTheEndOfTheRunEndsALookup(t *testing.T) {
	ended := errors.New("ended")
	ctx, end := context.WithCancelCause(t.Context())
	s := startAPIServer(t, nil)
	hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/v1/namespaces") {
			s.ServeHTTP(w, r)
			return
		}
		end(ended)
		<-r.Context().Done()
	}))
	t.Cleanup(hang.Close)
	useKubeconfig(t, hang.URL)
	_, err := asking(ctx, t)
	assert.ErrorIs(t, err, ended)
}
