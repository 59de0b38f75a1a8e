package resolve

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

const secretURL = "postgres://coder:hunter2@db/coder"

// model is a deployment of two replicas with the given lines in its container.
func model(t *testing.T, container string) *deployment.Deployment {
	t.Helper()
	text := "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: coder, namespace: ns}, spec: {replicas: 2, template: {spec: {containers: [{name: coder, image: ghcr.io/coder/coder, " + container + "}]}}}}"
	objects, err := manifest.Decode(strings.NewReader(text), "in.yaml")
	require.NoError(t, err)
	d, err := kube.Build(objects, kube.Options{Namespace: "ns"})
	require.NoError(t, err)
	return d
}

// apiServer is a kubeconfig for an API server that answers every request alike.
func apiServer(t *testing.T, code int, body string) genericclioptions.RESTClientGetter {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, err := w.Write([]byte(body))
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	return kubeconfigFile(t, fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server.URL))
}

func kubeconfigFile(t *testing.T, text string) genericclioptions.RESTClientGetter {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	t.Setenv("KUBECONFIG", path)
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	return chart.NewSettings().Cluster()
}

func status(code int, reason string) string {
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d}`, reason, code)
}

const fromKey = "env: [{name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]"

func TestTheURLIsReadFromTheSecretOfTheCluster(t *testing.T) {
	body := fmt.Sprintf(`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"ns"},"data":{"url":%q,"CODER_PG_CONNECTION_URL":%q}}`,
		base64.StdEncoding.EncodeToString([]byte(secretURL)), base64.StdEncoding.EncodeToString([]byte(secretURL)))
	for name, container := range map[string]string{"a key": fromKey, "envFrom": "envFrom: [{secretRef: {name: db}}]"} {
		t.Run(name, func(t *testing.T) {
			d := model(t, container)
			source, skip := Find(t.Context(), d, apiServer(t, http.StatusOK, body), nil)
			require.Nil(t, skip)
			assert.Equal(t, secretURL, source[0].Text)
			assert.Contains(t, source[0].Origin, "of Secret ns/db in the cluster")
			for _, r := range d.Replicas {
				value := r.Env(coder.PostgresURL)
				assert.True(t, value.Set(), "the model knows it now")
				assert.Equal(t, "(from a Secret)", value.String())
			}
		})
	}
}

func TestTheURLOfTheManifestsNeedsNoCluster(t *testing.T) {
	source, skip := Find(t.Context(), model(t, "env: [{name: CODER_PG_CONNECTION_URL, value: 'postgres://db'}]"), kubeconfigFile(t, ""), nil)
	require.Nil(t, skip)
	assert.Equal(t, "postgres://db", source[0].Text)
	assert.Equal(t, "CODER_PG_CONNECTION_URL in in.yaml", source[0].Origin)
}

func TestWhatKeepsTheURLFromBeingKnownIsSaid(t *testing.T) {
	for _, c := range []struct {
		name, container string
		cluster         func(*testing.T) genericclioptions.RESTClientGetter
		want            string
	}{
		{"nothing sets it", "args: [server]", func(t *testing.T) genericclioptions.RESTClientGetter { return kubeconfigFile(t, "") }, "no database URL is set"},
		{"no kubeconfig", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter { return kubeconfigFile(t, "") }, "key url of Secret ns/db, and no kubeconfig names a cluster"},
		{"no such context", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter {
			return kubeconfigFile(t, `{"apiVersion":"v1","kind":"Config","current-context":"gone","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}]}`)
		}, "and the kubeconfig cannot be used: invalid configuration"},
		{"no right", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter {
			return apiServer(t, http.StatusForbidden, status(http.StatusForbidden, "Forbidden"))
		}, "it lacks the verb get on secrets in namespace ns"},
		{"no Secret", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter {
			return apiServer(t, http.StatusNotFound, status(http.StatusNotFound, "NotFound"))
		}, "does not have"},
		{"no key", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter {
			return apiServer(t, http.StatusOK, `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db"}}`)
		}, "no such key in the cluster"},
		{"no cluster", fromKey, func(t *testing.T) genericclioptions.RESTClientGetter {
			return kubeconfigFile(t, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`)
		}, "does not answer"},
		{"it depends on the pod", "env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}, {name: CODER_PG_CONNECTION_URL, value: 'postgres://$(IP)/coder'}]", func(t *testing.T) genericclioptions.RESTClientGetter { return kubeconfigFile(t, "") }, "depends on the pod"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source, skip := Find(t.Context(), model(t, c.container), c.cluster(t), nil)
			assert.Nil(t, source)
			require.NotNil(t, skip)
			assert.Contains(t, skip.Reason, c.want)
			assert.NotEmpty(t, skip.Proof)
			fromPods := c.name == "no right" || c.name == "it depends on the pod"
			assert.Equal(t, fromPods, strings.HasSuffix(skip.Proof, "or run it with --in-cluster"), skip.Proof)
		})
	}
}

func TestTheOwnHostOfAPodIsNotThisMachine(t *testing.T) {
	for _, url := range []string{"postgres://coder:hunter2@localhost/coder", "postgres://coder:hunter2@127.0.0.1:5433/coder", "postgres:///coder?host=/cloudsql/p:r:i"} {
		found, gap := Find(t.Context(), model(t, `env: [{name: CODER_PG_CONNECTION_URL, value: "`+url+`"}]`), chart.NewSettings().Cluster(), nil)
		assert.Nil(t, found, url)
		require.NotNil(t, gap, url)
		assert.Contains(t, gap.Reason, "which only the pod reaches")
		assert.NotContains(t, gap.Reason, "hunter2")
	}
}
