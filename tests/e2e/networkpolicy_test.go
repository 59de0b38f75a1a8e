package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestNetworkPolicyIsAccepted installs the NetworkPolicy. The test cluster's
// network plugin does not enforce policies, so that what is proved is that the
// API server takes it and whom it selects, not that it holds anyone back.
func TestNetworkPolicyIsAccepted(t *testing.T) {
	w := newWorld(t, shared)
	w.install(2, "coder.networkPolicy.enable=true")
	policies, err := w.client.NetworkingV1().NetworkPolicies(w.ns).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, policies.Items, 1)
	spec := policies.Items[0].Spec
	assert.ElementsMatch(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}, spec.PolicyTypes)
	selector, err := metav1.LabelSelectorAsSelector(&spec.PodSelector)
	require.NoError(t, err)
	pods := w.replicas()
	require.Len(t, pods, 2)
	for i := range pods {
		assert.True(t, selector.Matches(labels.Set(pods[i].Labels)), "%s is selected", pods[i].Name)
	}
	// The first rule of each direction is the replicas': all of their ports.
	for _, peers := range [][]networkingv1.NetworkPolicyPeer{spec.Ingress[0].From, spec.Egress[0].To} {
		require.Len(t, peers, 1)
		replicas, err := metav1.LabelSelectorAsSelector(peers[0].PodSelector)
		require.NoError(t, err)
		assert.True(t, replicas.Matches(labels.Set(pods[0].Labels)))
	}
	w.waitMesh(2)
}
