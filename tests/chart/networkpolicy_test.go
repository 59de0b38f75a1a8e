package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func tcp(ports ...int32) []networkingv1.NetworkPolicyPort {
	var all []networkingv1.NetworkPolicyPort
	for _, port := range ports {
		all = append(all, networkingv1.NetworkPolicyPort{Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromInt32(port))})
	}
	return all
}

func pods(matchLabels map[string]string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{MatchLabels: matchLabels}}
}

func policyOf(t *testing.T, values string) networkingv1.NetworkPolicySpec {
	t.Helper()
	return find[*networkingv1.NetworkPolicy](t, objects(t, values), "coder").Spec
}

// dns is the rule for names, wherever they are answered.
func dns() networkingv1.NetworkPolicyEgressRule {
	var ports []networkingv1.NetworkPolicyPort
	for _, port := range []int32{53, 5353} {
		for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
			ports = append(ports, networkingv1.NetworkPolicyPort{Protocol: new(protocol), Port: new(intstr.FromInt32(port))})
		}
	}
	return networkingv1.NetworkPolicyEgressRule{Ports: ports}
}

func TestNoNetworkPolicyUnlessAskedFor(t *testing.T) {
	_, found := lookup[*networkingv1.NetworkPolicy](t, objects(t, `{}`), "coder")
	assert.False(t, found)
}

func TestTheNetworkPolicyAllowsWhatCoderNeeds(t *testing.T) {
	replicas := pods(upstreamSelector("coder"))
	want := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: upstreamSelector("coder")},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Ingress: []networkingv1.NetworkPolicyIngressRule{
			{From: []networkingv1.NetworkPolicyPeer{replicas}, Ports: tcp(8080, 6222)},
			{Ports: tcp(8080)},
		},
		Egress: []networkingv1.NetworkPolicyEgressRule{
			{To: []networkingv1.NetworkPolicyPeer{replicas}, Ports: tcp(8080, 6222)},
			dns(),
			{Ports: tcp(5432)},
			{Ports: tcp(80, 443, 6443)},
		},
	}
	assert.Equal(t, want, policyOf(t, `coder: {networkPolicy: {enable: true}}`))
}

func TestTheNetworkPolicyNarrowsToThePeersThatAreNamed(t *testing.T) {
	policy := policyOf(t, `
coder:
  tls: {secretNames: [a]}
  env:
    - {name: CODER_ACCESS_URL, value: "https://coder.example.com:9443/"}
    - {name: CODER_PROMETHEUS_ENABLE, value: "true"}
  networkPolicy:
    enable: true
    usersFrom: [{podSelector: {matchLabels: {who: users}}}]
    prometheusFrom: [{podSelector: {matchLabels: {who: prometheus}}}]
    postgresTo: [{podSelector: {matchLabels: {who: postgres}}}]
    postgresPorts: [5432, 6432]
    webTo: [{podSelector: {matchLabels: {who: web}}}]
    webPorts: [443]
    extraIngress: [{ports: [{port: 1}]}]
    extraEgress: [{ports: [{port: 2}]}]`)
	who := func(name string) networkingv1.NetworkPolicyPeer { return pods(map[string]string{"who": name}) }
	tester := pods(map[string]string{"app.kubernetes.io/name": "coder-test", "app.kubernetes.io/instance": "coder"})
	assert.Equal(t, []networkingv1.NetworkPolicyIngressRule{
		{From: []networkingv1.NetworkPolicyPeer{pods(upstreamSelector("coder"))}, Ports: tcp(8080, 8443, 6222)},
		{From: []networkingv1.NetworkPolicyPeer{who("users"), tester}, Ports: tcp(8080, 8443)},
		{From: []networkingv1.NetworkPolicyPeer{who("prometheus")}, Ports: tcp(2112)},
		{Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(1))}}},
	}, policy.Ingress)
	assert.Equal(t, []networkingv1.NetworkPolicyEgressRule{
		{To: []networkingv1.NetworkPolicyPeer{pods(upstreamSelector("coder"))}, Ports: tcp(8080, 8443, 6222)},
		dns(),
		{To: []networkingv1.NetworkPolicyPeer{who("postgres")}, Ports: tcp(5432, 6432)},
		{To: []networkingv1.NetworkPolicyPeer{who("web")}, Ports: tcp(443, 9443)},
		{Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(2))}}},
	}, policy.Egress)
}

// An empty list of ports in a rule would mean every port.
func TestNoPortsMeanNoRule(t *testing.T) {
	policy := policyOf(t, `coder: {networkPolicy: {enable: true, postgresPorts: [], webPorts: []}}`)
	assert.Len(t, policy.Egress, 2)
	for _, rule := range policy.Egress {
		assert.NotEmpty(t, rule.Ports)
	}
}

// The replicas' policy and Services must not take the test pod for a replica.
func TestTheTestPodIsNoReplica(t *testing.T) {
	all := objects(t, `coder: {networkPolicy: {enable: true}}`, withHooks())
	pod := testPod(t, all)
	for _, selector := range []map[string]string{
		find[*corev1.Service](t, all, "coder").Spec.Selector,
		find[*corev1.Service](t, all, "coder-replicas").Spec.Selector,
		find[*networkingv1.NetworkPolicy](t, all, "coder").Spec.PodSelector.MatchLabels,
	} {
		assert.False(t, labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)))
	}
}
