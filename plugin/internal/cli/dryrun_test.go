package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// forbidding is an API server that has the APIs of a cluster, one Secret, and
// nothing else for this user.
func forbidding(t *testing.T) (kubeconfig string) {
	t.Helper()
	return answering(t, map[string]string{
		"/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1": `{"kind":"APIResourceList","groupVersion":"v1","resources":[
			{"name":"secrets","kind":"Secret","namespaced":true,"verbs":["get"]},{"name":"configmaps","kind":"ConfigMap","namespaced":true,"verbs":["get"]}]}`,
		"/api/v1/namespaces/coder/secrets/site": `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"site"},"data":{"host":"SElEREVOLUhPU1QuZXhhbXBsZS5jb20="}}`,
	})
}

// answering is an API server that answers some paths, and forbids the rest.
func answering(t *testing.T, known map[string]string) (kubeconfig string) {
	t.Helper()
	known["/version"] = `{"major":"1","minor":"33","gitVersion":"v1.33.4"}`
	known["/api"] = `{"kind":"APIVersions","versions":["v1"]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body, ok := known[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			body = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`
		}
		_, err := w.Write([]byte(body))
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server.URL), 0o600))
	return path
}

// lookingUp is the plugin's own chart with an object that looks up another.
func lookingUp(kubeconfig, kind string, more ...string) []string {
	template := `apiVersion: v1
kind: ConfigMap
metadata: {name: site}
data:
  {{- $host := "coder.example.com" }}
  {{- with lookup "v1" "` + kind + `" .Release.Namespace "site" }}{{ $host = index .data "host" | b64dec | lower }}{{ end }}
  CODER_ACCESS_URL: https://{{ $host }}
`
	values, _ := json.Marshal([]string{template})
	return append([]string{
		"validate", "--kubeconfig", kubeconfig, "--set", "coder.image.tag=v2.38.0,coder.replicaCount=3,coder.envUseClusterAccessURL=false",
		"--set-json", "extraTemplates=" + string(values), "--set-json", `coder.envFrom=[{"configMapRef":{"name":"site"}}]`,
		"--set-json", `coder.env=[{"name":"CODER_PG_CONNECTION_URL","valueFrom":{"secretKeyRef":{"name":"db","key":"url"}}}]`,
	}, more...)
}

func TestALookupThatIsForbiddenIsNamedAndTheRestGoesOn(t *testing.T) {
	kubeconfig := forbidding(t)
	got := command(t, "", lookingUp(kubeconfig, "ConfigMap", "--dry-run=server")...)
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.err, "coder-ha: the lookup of configmaps coder/site was not answered: this user lacks the verb get on configmaps in namespace coder\n")
	assert.Contains(t, got.out, "~ not verified: render-lookup-open")
	assert.Contains(t, got.out, "access URL  unknown (it depends on a lookup that the cluster did not answer: configmaps coder/site)")
	assert.Contains(t, got.out, "√ every replica has a relay URL")
	assert.Equal(t, run.ExitFindings, command(t, "", lookingUp(kubeconfig, "ConfigMap", "--dry-run=server", "--strict")...).code)

	got = command(t, "", lookingUp(kubeconfig, "ConfigMap", "--dry-run")...)
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "access URL  https://coder.example.com", "as helm template renders it")
	assert.Empty(t, got.err)
}

func TestASecretThatWasLookedUpIsNotShown(t *testing.T) {
	kubeconfig := forbidding(t)
	for _, format := range []string{"text", "json"} {
		got := command(t, "", lookingUp(kubeconfig, "Secret", "--dry-run=server", "-o", format, "--verbose", "--set", "coder.ingress.enable=true,coder.ingress.host=x.example.com")...)
		assert.Equal(t, run.ExitOK, got.code, got)
		assert.Contains(t, got.out, "(from a Secret)")
		assert.NotContains(t, strings.ToLower(got.out+got.err), "hidden-host")
		assert.Contains(t, got.out, "1 by http://127.0.0.1:", "the lookups that were answered")
	}
}

func TestADryRunThatCannotBeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no cluster":    {lookingUp("", "Secret", "--dry-run=server"), "--dry-run=server: no kubeconfig names a cluster"},
		"not reachable": {lookingUp("", "Secret", "--dry-run=server", "--kube-apiserver", "http://127.0.0.1:1"), "--dry-run=server: the cluster at http://127.0.0.1:1 does not answer"},
		"no such value": {lookingUp("", "Secret", "--dry-run=maybe"), `invalid argument "maybe" for "--dry-run" flag: use client or server`},
		"no chart":      {[]string{"validate", "--manifest", "-", "--dry-run=server"}, "--dry-run=server needs a chart: manifests are rendered already"},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(t, goodManifest, c.args...)
			assert.Equal(t, run.ExitUnable, got.code)
			assert.Empty(t, got.out)
			assert.Contains(t, got.err, c.want)
			assert.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
		})
	}
}

func TestASilentClusterEndsWithTheTimeout(t *testing.T) {
	got := command(t, "", lookingUp("", "Secret", "--dry-run=server", "--kube-apiserver", "http://"+silentServer(t), "--timeout", "300ms")...)
	assert.Equal(t, run.ExitTimeout, got.code, got)
	assert.Contains(t, got.err, "timed out after --timeout 300ms")
}
