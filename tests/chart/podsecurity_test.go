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

// Root without capabilities cannot write /home/coder, which belongs to another user.
func TestRootKeepsTheCapabilitiesOfTheRuntime(t *testing.T) {
	capabilities := func(values string) *corev1.Capabilities {
		all := objects(t, values, withHooks())
		found := coderOf(t, all).SecurityContext.Capabilities
		assert.Equal(t, found, testPod(t, all).Spec.Containers[0].SecurityContext.Capabilities, values)
		return found
	}
	all := &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	const root = `runAsUser: 0, runAsNonRoot: false`
	assert.Equal(t, all, capabilities(`{}`))
	assert.Equal(t, all, capabilities(`coder: {securityContext: {runAsUser: 1}}`))
	assert.Nil(t, capabilities(`coder: {securityContext: {`+root+`}}`))
	assert.Nil(t, capabilities(`coder: {securityContext: {runAsUser: null, runAsNonRoot: false}, podSecurityContext: {runAsUser: 0}}`))
	assert.Equal(t, all, capabilities(`coder: {podSecurityContext: {runAsUser: 0}}`), "the container's user wins")
	assert.Equal(t, all, capabilities(`coder: {securityContext: {`+root+`, capabilities: {drop: [ALL]}}}`), "the user says so")
	assert.Equal(t, []corev1.Capability{"NET_ADMIN"}, capabilities(`coder: {securityContext: {`+root+`, capabilities: {add: [NET_ADMIN]}}}`).Add)
	assert.Nil(t, capabilities(`coder: {securityContext: {capabilities: null}}`))
	assert.Empty(t, capabilities(`coder: {securityContext: {capabilities: {drop: []}}}`).Drop)
}
