package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// runs is an API server in which a release runs. It answers the paths that it is
// given, and forbids all others.
type runs struct {
	kubeconfig string

	mu    sync.Mutex
	asked []string
}

const releasePath = "/apis/apps/v1/namespaces/coder/statefulsets"

// oneRelease is a StatefulSet of three replicas, of which so many are ready.
func oneRelease(ready int) map[string]string {
	template := `{"metadata":{"labels":{"app":"coder"}},"spec":{"containers":[{"name":"coder","image":"ghcr.io/coder/coder:v2.35.1",
		"readinessProbe":{"httpGet":{"path":"/healthz","port":8080}},"env":[
		{"name":"CODER_ACCESS_URL","value":"https://coder.example.com"},{"name":"CODER_HTTP_ADDRESS","value":"0.0.0.0:8080"},
		{"name":"CODER_PG_CONNECTION_URL","valueFrom":{"secretKeyRef":{"name":"db","key":"url"}}},
		{"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},{"name":"CODER_DERP_SERVER_RELAY_URL","value":"http://$(POD_IP):8080"}]}]}}`
	set := fmt.Sprintf(`{"metadata":{"name":"web","namespace":"coder","generation":1,"labels":{"helm.sh/chart":"coder-2.35.1"},"annotations":{"meta.helm.sh/release-name":"prod"}},
		"spec":{"replicas":3,"selector":{"matchLabels":{"app":"coder"}},"serviceName":"web","template":%s},
		"status":{"observedGeneration":1,"replicas":3,"readyReplicas":%d,"currentRevision":"a","updateRevision":"a"}}`, template, ready)
	var pods []string
	now := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	for i := range 3 {
		pods = append(pods, fmt.Sprintf(`{"metadata":{"name":"web-%d","namespace":"coder","creationTimestamp":%q,"ownerReferences":[{"kind":"StatefulSet","name":"web","controller":true}]},
			"spec":{"nodeName":"node-%d","containers":[{"name":"coder","image":"ghcr.io/coder/coder:v2.35.1"}]},
			"status":{"phase":"Running","podIP":"10.0.0.%d","conditions":[{"type":"Ready","status":%q,"lastTransitionTime":%q}],
			"containerStatuses":[{"name":"coder","state":{"running":{"startedAt":%q}}}]}}`, i, now, i, i+1, map[bool]string{true: "True", false: "False"}[i < ready], now, now))
	}
	other := `{"metadata":{"name":"web-probe","namespace":"coder","ownerReferences":[{"kind":"Job","name":"web","controller":true}]},"spec":{"containers":[]},"status":{"phase":"Running"}}`
	return map[string]string{
		releasePath:                     `{"kind":"StatefulSetList","apiVersion":"apps/v1","items":[` + set + `]}`,
		"/api/v1/namespaces/coder/pods": `{"kind":"PodList","apiVersion":"v1","items":[` + strings.Join(append(pods, other), ",") + `]}`,
	}
}

func newRuns(t *testing.T, answers map[string]string) *runs {
	t.Helper()
	r := &runs{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, request.Method+" "+request.URL.Path)
		r.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		body, ok := answers[request.URL.Path]
		if away, leads := strings.CutPrefix(body, "redirect "); leads {
			http.Redirect(w, request, away, http.StatusTemporaryRedirect)
			return
		}
		if !ok {
			w.WriteHeader(http.StatusForbidden)
			verb := map[string]string{http.MethodGet: "list", http.MethodPost: "create"}[request.Method]
			body = fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"forbidden: User \"u\" cannot %s resource"}`, verb)
		}
		_, err := w.Write([]byte(body))
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	r.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(r.kubeconfig, fmt.Appendf(nil, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server.URL), 0o600))
	return r
}

func (r *runs) status(t *testing.T, args ...string) result {
	t.Helper()
	return command(t, "", append([]string{"status", "-n", "coder", "--kubeconfig", r.kubeconfig}, args...)...)
}

func TestStatusNamesEachRightThatIsMissing(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	r := newRuns(t, map[string]string{releasePath: oneRelease(3)[releasePath]})
	got := r.status(t, "prod")
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "release prod in namespace coder, chart coder-2.35.1\nStatefulSet coder/web, Coder 2.35\n")
	for _, right := range []string{
		"list on pods", "list on services", "list on endpointslices.discovery.k8s.io", "list on poddisruptionbudgets.policy", "list on events",
		"list on networkpolicies.networking.k8s.io", "list on ingresses.networking.k8s.io", "list on horizontalpodautoscalers.autoscaling", "get on secrets",
	} {
		assert.Contains(t, got.out, "lacks the verb "+right+" in namespace coder\n")
	}
	assert.Contains(t, got.out, "lacks the verb list on nodes\n")
	assert.Equal(t, "coder-ha: this user lacks the verb list on deployments.apps in namespace coder: a deployment there is not found\n"+
		"coder-ha: this user lacks the verb get on namespaces in namespace coder: the labels of the namespace, by which a service mesh takes pods in, are not known\n", got.err)
	assert.NotContains(t, got.out, "disruption-budget:", "what could not be read is not judged")
	for _, request := range r.asked {
		assert.True(t, strings.HasPrefix(request, "GET "), request)
	}

	got = newRuns(t, nil).status(t)
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, "this user may not look for the deployment: it lacks the verb list on statefulsets.apps in namespace coder, the verb list on deployments.apps in namespace coder")
}

func TestStatusShowsThePodsThatTheControllerMade(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	r := newRuns(t, oneRelease(2))
	got := r.status(t)
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "2 of 3 replicas ready")
	assert.Contains(t, got.out, "‼ replicas-not-ready: web-2 is not ready")
	assert.NotContains(t, got.out, "web-probe")
	assert.Contains(t, got.out, "lacks the verb create on pods/portforward in namespace coder")
	for _, request := range r.asked {
		assert.True(t, strings.HasPrefix(request, "GET ") || strings.HasSuffix(request, "/portforward"), request)
	}
	assert.Equal(t, run.ExitFindings, r.status(t, "--fail-on", "warning").code)
}

// TestTheWayToAPodFollowsNoRedirect has an API server that forwards ports elsewhere.
func TestTheWayToAPodFollowsNoRedirect(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	visited := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer other.Close()
	answers := oneRelease(3)
	for i := range 3 {
		answers[fmt.Sprintf("/api/v1/namespaces/coder/pods/web-%d/portforward", i)] = "redirect " + other.URL
	}
	got := newRuns(t, answers).status(t, "--verbose")
	assert.Contains(t, got.out, "it answers with a redirect")
	assert.False(t, visited)
}

// TestStatusStartsNoPodTooEarly waits for a replica that is not ready.
func TestStatusStartsNoPodTooEarly(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	jobs := func(r *runs) bool {
		return slices.ContainsFunc(r.asked, func(request string) bool { return strings.HasSuffix(request, "/jobs") })
	}
	answers := oneRelease(2)
	answers["/api/v1/namespaces/coder/services"] = `{"kind":"ServiceList","apiVersion":"v1","items":[]}`
	r := newRuns(t, answers)
	got := r.status(t, "--wait", "--in-cluster", "--agent-image", "agent:1", "--interval", "1s", "--timeout", "1500ms", "--verbose")
	assert.Equal(t, run.ExitTimeout, got.code, got)
	assert.Contains(t, got.out, "the database is asked once each replica is ready")
	assert.False(t, jobs(r), r.asked)

	answers[releasePath], answers["/api/v1/namespaces/coder/pods"] = oneRelease(3)[releasePath], oneRelease(3)["/api/v1/namespaces/coder/pods"]
	r = newRuns(t, answers)
	got = r.status(t, "--wait", "--in-cluster", "--agent-image", "agent:1", "--timeout", "20s")
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "nothing could be asked in the cluster: this user lacks the verb create on jobs.batch in namespace coder")
	assert.True(t, jobs(r), r.asked)
}

func TestStatusWaits(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "")
	got := newRuns(t, oneRelease(3)).status(t, "--wait", "--timeout", "20s")
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "3 of 3 replicas ready")

	got = newRuns(t, oneRelease(2)).status(t, "--wait", "--interval", "1s", "--timeout", "1500ms")
	assert.Equal(t, run.ExitTimeout, got.code, got)
	assert.Equal(t, 1, strings.Count(got.out, "release prod in namespace"), "the last report: %s", got.out)
	assert.Equal(t, 1, strings.Count(got.err, "waiting: 2 of 3 replicas ready\n"), "only what is new is said: %s", got.err)

	got = newRuns(t, map[string]string{releasePath: oneRelease(3)[releasePath]}).status(t, "--wait")
	assert.Equal(t, run.ExitUnable, got.code, got)
	assert.Contains(t, got.err, "--wait cannot see the pods: this user lacks the verb list on pods in namespace coder")
}

func TestStatusSaysWhatCannotBe(t *testing.T) {
	r := newRuns(t, oneRelease(3))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"two ends":        {[]string{"--watch", "--wait"}, "--watch goes on until it is interrupted, and --wait ends: leave one out"},
		"no interval":     {[]string{"--watch", "--interval", "10ms"}, "--interval 10ms: use at least 1s"},
		"a pod for ever":  {[]string{"--watch", "--in-cluster"}, "--in-cluster starts a pod for each look: leave it or --watch out"},
		"an image alone":  {[]string{"--agent-image", "a:1"}, "--agent-image and --keep are about the pods of --in-cluster: add it"},
		"two names":       {[]string{"a", "b"}, "status takes one NAME"},
		"no such release": {[]string{"nope"}, "has no release and no workload nope: check the name, --namespace and --kube-context"},
		"no cluster":      {[]string{"--kubeconfig", "", "--kube-apiserver", "http://127.0.0.1:1"}, "the cluster at http://127.0.0.1:1 does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.status(t, c.args...)
			assert.Equal(t, run.ExitUnable, got.code, got)
			assert.Empty(t, got.out)
			assert.Contains(t, got.err, c.want)
		})
	}
	got := command(t, "", "status", "--kube-apiserver", "http://"+silentServer(t), "--timeout", "300ms")
	assert.Equal(t, run.ExitTimeout, got.code, got)
}

func TestStatusCompletesReleases(t *testing.T) {
	r := newRuns(t, oneRelease(3))
	got := command(t, "", "__complete", "status", "-n", "coder", "--kubeconfig", r.kubeconfig, "")
	assert.True(t, slices.Contains(strings.Split(got.out, "\n"), "prod"), got.out)
}
