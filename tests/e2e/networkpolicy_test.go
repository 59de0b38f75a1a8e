package e2e

import (
	"context"
	"net"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestNetworkPolicyOfTheChart installs the chart with its NetworkPolicy, in a
// cluster that enforces it.
func TestNetworkPolicyOfTheChart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(2, "coder.networkPolicy.enable=true")
	w.waitMesh(2)
	pods := w.replicas()
	for i := range pods {
		relay := net.JoinHostPort(pods[i].Status.PodIP, "8080")
		pubsub := net.JoinHostPort(pods[i].Status.PodIP, "6222")
		// The pubsub port is the replicas' own: pods of other namespaces are
		// held off, which is what shows that the policy is in force.
		w.eventually("another namespace is held off "+pubsub, func(context.Context) (bool, error) { return w.dials(pubsub) != nil, nil })
		require.NoError(t, w.dials(relay), "users reach %s", pods[i].Name)
	}
	// The policy is in force by now. A replica that starts under it needs DNS,
	// the database and the others for a healthy mesh.
	three := []byte(`{"spec":{"replicas":3}}`)
	_, err := w.client.AppsV1().StatefulSets(w.ns).Patch(t.Context(), "coder", types.MergePatchType, three, metav1.PatchOptions{})
	require.NoError(t, err)
	w.waitReady(w.ns, replicaLabels, 3)
	w.waitMesh(3)
	body, err := w.get("http://coder." + w.ns + ".svc.cluster.local/healthz")
	require.NoError(t, err)
	assert.Equal(t, "OK", body)

	output, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "test", release, "--timeout", "2m")
	require.NoError(t, err, output)
	assert.Contains(t, output, "Succeeded")
}
