package e2e

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInstall(t *testing.T) {
	t.Parallel()
	proveInstall(t, newWorld(t, shared))
}

// proveInstall proves that a fresh installation is highly available.
func proveInstall(t *testing.T, w *world, values ...string) {
	t.Helper()
	w.install(3, values...)
	accessURL := fmt.Sprintf("http://coder.%s.svc.cluster.local", w.ns)

	pods := w.replicas()
	require.Len(t, pods, 3)
	nodes, relays := map[string]bool{}, map[string]bool{}
	for i := range pods {
		nodes[pods[i].Spec.NodeName] = true
		relays["http://"+net.JoinHostPort(pods[i].Status.PodIP, "8080")] = true
	}
	assert.Len(t, nodes, min(3, len(w.nodes)), "the replicas are spread over the nodes")

	rows := w.waitMesh(3)
	advertised := map[string]bool{}
	for _, r := range rows {
		advertised[r.Relay] = true
		assert.NotEqual(t, accessURL, r.Relay, "a relay URL is never the access URL")
		relay, err := url.Parse(r.Relay)
		require.NoError(t, err)
		assert.NoError(t, w.dials(relay.Host), "another pod reaches the relay of %s", r.Hostname)
		assert.NoError(t, w.dials(net.JoinHostPort(relay.Hostname(), "6222")), "another pod reaches the pubsub port of %s", r.Hostname)
	}
	assert.Equal(t, relays, advertised, "each replica advertises its own pod IP")

	// The Service learns of ready pods a moment after they are.
	w.eventually("an answer through the Service", func(context.Context) (bool, error) {
		body, err := w.get(accessURL + "/healthz")
		return body == "OK", err
	})

	output, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "test", release, "--timeout", "2m")
	require.NoError(t, err, output)
	assert.Contains(t, output, "Succeeded")

	notes, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "get", "notes", release)
	require.NoError(t, err)
	assert.Contains(t, notes, accessURL)
	t.Log(notes)
}
