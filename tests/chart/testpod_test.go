package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

func TestTheTestAsksTheServiceAndEachReplica(t *testing.T) {
	args := func(values string) []string {
		return find[*corev1.Pod](t, objects(t, values, withHooks()), "coder-test").Spec.Containers[0].Args
	}
	const service = "http://coder.coder.svc.cluster.local/healthz"
	const three = `coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}]`
	replica := func(name, path string) string {
		return "http://" + name + ".coder-replicas.coder.svc.cluster.local:8080" + path
	}
	assert.Equal(t, []string{
		service, replica("coder-0", "/derp/latency-check"), replica("coder-1", "/derp/latency-check"),
		replica("coder-2", "/derp/latency-check"),
	}, args(three+`}`))
	assert.Equal(t, []string{service}, args(three+`, workloadKind: Deployment}`), "pods without names")
	assert.Equal(t, []string{service, replica("coder-0", "/healthz")},
		args(`coder: {env: [{name: CODER_DERP_SERVER_ENABLE, value: "false"}]}`), "no relay of Coder's own")
	assert.Equal(t, []string{replica("mine-0", "/derp/latency-check")},
		args(`{nameOverride: mine, coder: {service: {enable: false}}}`), "no Service")
}

func TestTheTestPodIsAHookThatRunsTheCoderImage(t *testing.T) {
	pod := find[*corev1.Pod](t, objects(t, `{}`, withHooks()), "coder-test")
	assert.Equal(t, "test", pod.Annotations["helm.sh/hook"])
	assert.Equal(t, coderOf(t, objects(t, `{}`)).Image, pod.Spec.Containers[0].Image)
	assert.Equal(t, new(false), pod.Spec.AutomountServiceAccountToken)

	own := find[*corev1.Pod](t, objects(t, `coder: {test: {image: curl:8, command: [curl, -f]}}`, withHooks()), "coder-test")
	assert.Equal(t, "curl:8", own.Spec.Containers[0].Image)
	assert.Equal(t, []string{"curl", "-f"}, own.Spec.Containers[0].Command)
	for _, values := range []string{
		`coder: {test: {enable: false}}`,
		`coder: {service: {enable: false}, workloadKind: Deployment}`,
	} {
		_, found := lookup[*corev1.Pod](t, objects(t, values, withHooks()), "coder-test")
		assert.False(t, found, values)
	}
}
