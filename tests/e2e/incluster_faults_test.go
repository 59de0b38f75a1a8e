package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestFaultsShowFromThePlacesOfTheReplicas are a policy, a wrong relay URL, a quota and
// a user who may do nothing.
func TestFaultsShowFromThePlacesOfTheReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	ctx := t.Context()

	remove := w.relayOnly()
	r := w.rehearse(w.cluster.Kubeconfig)
	tells(t, "A NetworkPolicy lets in the relay port only", r.text)
	status, said := r.check("relay-unreachable")
	assert.Equal(t, "passed", status, said)
	status, said = r.check("network-policy-unenforced")
	assert.Equal(t, "passed", status, said)
	remove()

	r = w.rehearse(w.cluster.Kubeconfig, relayURL("http://$(KUBE_POD_IP):3000")...)
	tells(t, "The relay URL has a port that nobody listens on", r.text)

	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "two-pods"}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("2")}}}
	_, err := w.client.CoreV1().ResourceQuotas(w.ns).Create(ctx, quota, metav1.CreateOptions{})
	require.NoError(t, err)
	r = w.rehearse(w.cluster.Kubeconfig)
	tells(t, "A quota has room for two pods", r.text)
	status, said = r.check("postgres-unreachable")
	assert.Equal(t, "skipped", status, said)
	assert.Contains(t, said, "exceeded quota: two-pods", "it was not asked from each place")
	status, said = r.check("postgres-version")
	assert.Equal(t, "passed", status, "what could be verified stays: %s", said)
	require.NoError(t, w.client.CoreV1().ResourceQuotas(w.ns).Delete(ctx, quota.Name, metav1.DeleteOptions{}))

	tells(t, "The user may do nothing", w.rehearse(w.kubeconfigOf("limited")).text)
	w.nothingLeft()
}

// relayURL are the flags that set one.
func relayURL(text string) []string {
	return []string{"--set", "coder.env[1].name=CODER_DERP_SERVER_RELAY_URL", "--set", "coder.env[1].value=" + text}
}

// relayOnly lets a NetworkPolicy be there that lets in the relay port only, until the
// returned function.
func (w *world) relayOnly() (remove func()) {
	w.t.Helper()
	open := intstr.FromInt32(8080)
	policy := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "relay-only"},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "coder"}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{{Ports: []networkingv1.NetworkPolicyPort{{Port: &open}}}},
		},
	}
	_, err := w.client.NetworkingV1().NetworkPolicies(w.ns).Create(w.t.Context(), policy, metav1.CreateOptions{})
	require.NoError(w.t, err)
	return func() {
		w.t.Helper()
		require.NoError(w.t, w.client.NetworkingV1().NetworkPolicies(w.ns).Delete(w.t.Context(), policy.Name, metav1.DeleteOptions{}))
	}
}
