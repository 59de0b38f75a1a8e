package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/load"
)

// loader is a load generator on the release's Service, in a pod of its own.
type loader struct {
	w    *world
	name string
}

// clients is the size of the load: half of them keep their connection, half
// open a new one for each request.
const clients = 8

// requestTimeout is that of one request.
const requestTimeout = 3 * time.Second

// startLoad sends steady requests to the release's Service.
func (w *world) startLoad() *loader {
	w.t.Helper()
	pod, err := w.client.CoreV1().Pods(w.side).Get(w.t.Context(), "load", metav1.GetOptions{})
	require.NoError(w.t, err)
	busy := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "busy", Labels: map[string]string{"app": "busy"}}, Spec: *pod.Spec.DeepCopy()}
	busy.Spec.NodeName = ""
	busy.Spec.Volumes, busy.Spec.Containers[0].VolumeMounts = nil, nil
	busy.Spec.Containers[0].Args = []string{
		"--url", fmt.Sprintf("http://coder.%s.svc.cluster.local/healthz", w.ns), "--clients", fmt.Sprint(clients), "--timeout", requestTimeout.String(),
	}
	_, err = w.client.CoreV1().Pods(w.side).Create(w.t.Context(), busy, metav1.CreateOptions{})
	require.NoError(w.t, err)
	w.waitReady(w.side, "app=busy", 1)
	l := &loader{w: w, name: "busy"}
	w.eventually("a clean second of load", func(ctx context.Context) (bool, error) {
		if l.mark(); l.afterRequests(100).Errors > 0 {
			return false, fmt.Errorf("errors: %+v", l.report())
		}
		return true, nil
	})
	return l
}

// stop ends the load.
func (l *loader) stop() {
	l.w.t.Helper()
	require.NoError(l.w.t, l.w.client.CoreV1().Pods(l.w.side).Delete(l.w.t.Context(), l.name, metav1.DeleteOptions{}))
	l.w.waitReady(l.w.side, "app=busy", 0)
}

// ask sends a request to a pod of the side namespace through the API server.
func (w *world) ask(ctx context.Context, pod, verb, path string, query url.Values) ([]byte, error) {
	request := w.client.CoreV1().RESTClient().Verb(verb).Namespace(w.side).Resource("pods").Name(pod + ":8080").SubResource("proxy").Suffix(path)
	for key, values := range query {
		for _, value := range values {
			request = request.Param(key, value)
		}
	}
	return request.DoRaw(ctx)
}

// dials tells whether a TCP connection from the load pod to an address
// succeeds.
func (w *world) dials(address string) error {
	_, err := w.ask(w.t.Context(), "load", "GET", "dial", url.Values{"address": {address}})
	return err
}

// get is what a GET from the load pod is answered.
func (w *world) get(address string) (string, error) {
	body, err := w.ask(w.t.Context(), "load", "GET", "get", url.Values{"url": {address}})
	return string(body), err
}

func (l *loader) mark() {
	l.w.t.Helper()
	_, err := l.w.ask(l.w.t.Context(), l.name, "POST", "mark", nil)
	require.NoError(l.w.t, err)
}

func (l *loader) report() load.Report {
	l.w.t.Helper()
	text, err := l.w.ask(l.w.t.Context(), l.name, "GET", "report", nil)
	require.NoError(l.w.t, err)
	var r load.Report
	require.NoError(l.w.t, json.Unmarshal(text, &r))
	return r
}

// afterRequests waits until n more requests have been answered, so that what
// happened just now shows, and reports.
func (l *loader) afterRequests(n int) load.Report {
	l.w.t.Helper()
	before := l.report().Requests
	var r load.Report
	l.w.eventually("more requests", func(context.Context) (bool, error) {
		r = l.report()
		return r.Requests >= before+n, nil
	})
	return r
}

// cleanFor waits until no request that was sent in the last while has failed,
// and reports on everything since the mark.
func (l *loader) cleanFor(while, limit time.Duration) load.Report {
	l.w.t.Helper()
	var r load.Report
	l.w.poll(200*time.Millisecond, limit, fmt.Sprintf("%s without a failed request", while), func(context.Context) (bool, error) {
		r = l.report()
		if r.Elapsed < while || r.LastError > 0 && r.Elapsed-r.LastError < while {
			return false, fmt.Errorf("%+v", r)
		}
		return true, nil
	})
	return r
}
