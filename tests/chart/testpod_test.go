package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// testPod is the one Pod among the objects, if there is one.
func testPod(t *testing.T, all []runtime.Object) *corev1.Pod {
	t.Helper()
	var found *corev1.Pod
	for _, object := range all {
		if pod, ok := object.(*corev1.Pod); ok {
			require.Nil(t, found, "two Pods")
			found = pod
		}
	}
	return found
}

func TestTheTestAsksTheServiceAndEachReplica(t *testing.T) {
	args := func(values string) []string {
		return testPod(t, objects(t, values, withHooks())).Spec.Containers[0].Args
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
	pod := testPod(t, objects(t, `{}`, withHooks()))
	assert.Equal(t, "test", pod.Annotations["helm.sh/hook"])
	assert.Equal(t, coderOf(t, objects(t, `{}`)).Image, pod.Spec.Containers[0].Image)
	assert.Equal(t, new(false), pod.Spec.AutomountServiceAccountToken)

	own := testPod(t, objects(t, `coder: {test: {image: curl:8, command: [curl, -f]}}`, withHooks()))
	assert.Equal(t, "curl:8", own.Spec.Containers[0].Image)
	assert.Equal(t, []string{"curl", "-f"}, own.Spec.Containers[0].Command)
	for _, values := range []string{
		`coder: {test: {enable: false}}`,
		`coder: {service: {enable: false}, workloadKind: Deployment}`,
	} {
		assert.Nil(t, testPod(t, objects(t, values, withHooks())), values)
	}
}

// `helm template | kubectl apply` and Kustomize's helmCharts make an ordinary Pod of
// the hook, which Kubernetes does not let them change.
func TestATestPodThatIsAppliedAgainIsTheSameOrAnotherOne(t *testing.T) {
	specs := map[string]corev1.PodSpec{}
	for _, values := range []string{
		`{}`, `coder: {labels: {a: b}}`, `coder: {podLabels: {a: b}}`, `coder: {image: {tag: v2.30.0}}`,
		`coder: {replicaCount: 2, workspaceProxy: true}`, `coder: {securityContext: {runAsUser: 1001}}`,
		`coder: {nodeSelector: {a: b}}`, `coder: {tolerations: [{operator: Exists}]}`,
	} {
		pod := testPod(t, objects(t, values, withHooks()))
		if known, again := specs[pod.Name]; again {
			assert.Equal(t, known, pod.Spec, values)
		}
		specs[pod.Name] = pod.Spec
	}
	assert.Len(t, specs, 6, "labels of the replicas do not concern it")
}
