package chart_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// upstreamAffinity is the upstream chart's default, written out by a user.
const upstreamAffinity = `
coder:
  affinity:
    podAntiAffinity:
      preferredDuringSchedulingIgnoredDuringExecution:
        - podAffinityTerm:
            labelSelector:
              matchExpressions: [{key: app.kubernetes.io/instance, operator: In, values: [coder]}]
            topologyKey: kubernetes.io/hostname
          weight: 1
`

func TestTheChartsRulesMatchItsOwnPods(t *testing.T) {
	for _, name := range []string{"coder", "team-a"} {
		pod := podOf(t, objects(t, `{}`, release(name)))
		for _, selector := range []*metav1.LabelSelector{
			pod.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm.LabelSelector,
			pod.Spec.TopologySpreadConstraints[0].LabelSelector,
		} {
			parsed, err := metav1.LabelSelectorAsSelector(selector)
			require.NoError(t, err)
			assert.True(t, parsed.Matches(labels.Set(pod.Labels)), "release %s: %s", name, parsed)
		}
	}
}

func TestAffinityIsMergedAsUpstreamMergesIt(t *testing.T) {
	affinity := func(values string) *corev1.Affinity { return podOf(t, objects(t, values)).Spec.Affinity }
	own := affinity(`{}`).PodAntiAffinity

	for _, name := range []string{"coder", "prod"} {
		assert.Equal(t, podOf(t, objects(t, `{}`, release(name))).Spec.Affinity, podOf(t, objects(t, upstreamAffinity, release(name))).Spec.Affinity,
			"the upstream default, spelled out, in release %s", name)
	}
	assert.Equal(t, int32(2), affinity(strings.ReplaceAll(upstreamAffinity, "weight: 1", "weight: 2")).
		PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Weight, "anything else is the user's own")
	assert.Nil(t, affinity(`coder: {affinity: null}`), "null")
	assert.Nil(t, affinity(`coder: {affinity: {podAntiAffinity: null}}`).PodAntiAffinity, "null for the rule alone")

	node := affinity(`coder: {affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}`)
	assert.NotNil(t, node.NodeAffinity)
	assert.Equal(t, own, node.PodAntiAffinity, "beside a node affinity")

	required := affinity(`coder: {affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone}]}}}`)
	assert.Equal(t, []corev1.PodAffinityTerm{{TopologyKey: "zone"}},
		required.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
	assert.Equal(t, own.PreferredDuringSchedulingIgnoredDuringExecution,
		required.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution, "beside a required rule")
	assert.Equal(t, &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{}},
		affinity(`coder: {affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}}`).PodAntiAffinity, "an empty list")
}

func TestAListOfSpreadConstraintsReplacesTheCharts(t *testing.T) {
	spread := func(values string) []corev1.TopologySpreadConstraint {
		return podOf(t, objects(t, values)).Spec.TopologySpreadConstraints
	}
	assert.Empty(t, spread(`coder: {topologySpreadConstraints: []}`))
	assert.Equal(t, []corev1.TopologySpreadConstraint{{MaxSkew: 2, TopologyKey: "rack", WhenUnsatisfiable: "DoNotSchedule"}},
		spread(`coder: {topologySpreadConstraints: [{maxSkew: 2, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]}`))
}

func TestAStatefulSetsPodsLeaveALostNodeSoon(t *testing.T) {
	seconds := func(values string) map[string]int64 {
		found := map[string]int64{}
		for _, toleration := range podOf(t, objects(t, values)).Spec.Tolerations {
			if toleration.TolerationSeconds != nil {
				found[toleration.Key] = *toleration.TolerationSeconds
			}
		}
		return found
	}
	const notReady, unreachable = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
	assert.Equal(t, map[string]int64{notReady: 30, unreachable: 30}, seconds(`{}`))
	assert.Equal(t, map[string]int64{notReady: 0, unreachable: 0}, seconds(`coder: {unreachableTolerationSeconds: 0}`))
	assert.Empty(t, seconds(`coder: {unreachableTolerationSeconds: null}`), "left to Kubernetes")
	assert.Empty(t, seconds(`coder: {workloadKind: Deployment}`), "as upstream")
	assert.Empty(t, seconds(`coder: {tolerations: [{operator: Exists}]}`), "the user tolerates everything")
	assert.Equal(t, map[string]int64{notReady: 30, unreachable: 600},
		seconds(`coder: {tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 600}]}`))
	assert.Equal(t, map[string]int64{notReady: 30, unreachable: 30},
		seconds(`coder: {tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoSchedule}, {key: gpu, operator: Exists}]}`),
		"other effects and keys")
}

func TestTheHostNetworkKeepsReplicasApart(t *testing.T) {
	const three = `coder: {hostNetwork: true, replicaCount: 3, envFrom: [{secretRef: {name: db}}]`
	pod := podOf(t, objects(t, three+`}`)).Spec
	assert.True(t, pod.HostNetwork)
	assert.Equal(t, corev1.DNSClusterFirstWithHostNet, pod.DNSPolicy)
	rule := pod.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	assert.Equal(t, "kubernetes.io/hostname", rule[0].TopologyKey)
	objects(t, three+`, affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname}]}}}`)
}
