package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podsOf is every pod that the objects are or make, by a name for the reader.
func podsOf(all []runtime.Object) map[string]corev1.PodTemplateSpec {
	pods := map[string]corev1.PodTemplateSpec{}
	for _, object := range all {
		switch typed := object.(type) {
		case *corev1.Pod:
			pods["pod "+typed.Name] = corev1.PodTemplateSpec{ObjectMeta: typed.ObjectMeta, Spec: typed.Spec}
		case *appsv1.StatefulSet:
			pods["statefulset "+typed.Name] = typed.Spec.Template
		case *appsv1.Deployment:
			pods["deployment "+typed.Name] = typed.Spec.Template
		}
	}
	return pods
}

// violations asks the admission controller's own evaluator.
func violations(t *testing.T, meta metav1.ObjectMeta, spec corev1.PodSpec) string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	level := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &meta, &spec))
	return result.ForbiddenDetail()
}

func TestEveryPodPassesPodSecurityRestricted(t *testing.T) {
	for name, values := range map[string]string{
		"the defaults":      `{}`,
		"three replicas":    `coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}], networkPolicy: {enable: true}}`,
		"a Deployment":      `coder: {workloadKind: Deployment}`,
		"a workspace proxy": `coder: {workspaceProxy: true, replicaCount: 2}`,
		"TLS and IPv6":      `coder: {singleStackIPv6: true, tls: {secretNames: [a]}, certs: {secrets: [{name: b, key: c}]}}`,
		"a port below 1024": `coder: {securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			pods := podsOf(objects(t, values, withHooks()))
			require.Len(t, pods, 2, "the workload's and the test's")
			for pod, template := range pods {
				assert.Empty(t, violations(t, template.ObjectMeta, template.Spec), pod)
			}
		})
	}
}

// The host network is the one value of the chart's own that Pod Security
// forbids, and values.yaml says so: this also shows that the evaluator looks.
func TestTheHostNetworkDoesNotPassPodSecurity(t *testing.T) {
	template := podOf(t, objects(t, `coder: {hostNetwork: true}`))
	assert.Contains(t, violations(t, template.ObjectMeta, template.Spec), "hostNetwork")
}
