package chart_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// manyValues changes nearly everything but the names.
const manyValues = `
coder:
  replicaCount: 5
  image: {tag: v2.99.0}
  labels: {a: b}
  podLabels: {a: b}
  annotations: {a: b}
  env: [{name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}]
  strategy: {type: Recreate}
  tls: {secretNames: [a]}
  relay: {hostFrom: podName}
  hostNetwork: true
  volumes: [{name: v, emptyDir: {}}]
  service: {type: ClusterIP}
  workspaceProxy: true
`

// immutable is what Kubernetes does not let an upgrade change in a StatefulSet:
// all but a few fields of its specification.
func immutable(t *testing.T, all []runtime.Object) string {
	t.Helper()
	spec := find[*appsv1.StatefulSet](t, all, "coder").Spec
	spec.Replicas, spec.Ordinals, spec.Template = nil, nil, corev1.PodTemplateSpec{}
	spec.UpdateStrategy, spec.PersistentVolumeClaimRetentionPolicy = appsv1.StatefulSetUpdateStrategy{}, nil
	spec.MinReadySeconds, spec.RevisionHistoryLimit = 0, nil
	text, err := yaml.Marshal(spec)
	require.NoError(t, err)
	return string(text)
}

func TestAnUpgradeNeverTouchesImmutableFields(t *testing.T) {
	before := immutable(t, objects(t, `{}`))
	assert.Equal(t, before, immutable(t, objects(t, manyValues)), "other values")
	chart := copyChart(t, "version: "+chartVersion, "version: 9.9.9+build.1")
	assert.Equal(t, before, immutable(t, objects(t, `{}`, fromChart(chart))), "another chart version")
	chart = copyChart(t, `appVersion: "`+appVersion+`"`, `appVersion: "9.9.9"`)
	assert.Equal(t, before, immutable(t, objects(t, `{}`, fromChart(chart))), "another Coder")
}

func TestTheServiceSelectsTheUpstreamChartsPodsToo(t *testing.T) {
	for _, values := range []string{`{}`, manyValues, `coder: {workloadKind: Deployment}`} {
		service := find[*corev1.Service](t, objects(t, values, release("prod")), "coder")
		assert.Equal(t, upstreamSelector("prod"), service.Spec.Selector)
		assert.Equal(t, "http", service.Spec.Ports[0].TargetPort.StrVal)
	}
}

func TestADeploymentKeepsTheUpstreamSelector(t *testing.T) {
	deployment := find[*appsv1.Deployment](t, objects(t, `coder: {workloadKind: Deployment}`, release("prod")), "coder")
	assert.Equal(t, upstreamSelector("prod"), deployment.Spec.Selector.MatchLabels)
}

func TestTheChartVersionIsALabelThatKubernetesAccepts(t *testing.T) {
	chart := copyChart(t, "version: "+chartVersion, "version: 9.9.9+build.1")
	service := find[*corev1.Service](t, objects(t, `{}`, fromChart(chart)), "coder")
	assert.Equal(t, "coder-9.9.9_build.1", service.Labels["helm.sh/chart"])
}

func TestNamesOfDigitsAreText(t *testing.T) {
	all := objects(t, `nameOverride: "12"`, release("123"), namespace("456"), withHooks())
	assert.Equal(t, "123", find[*appsv1.StatefulSet](t, all, "12").Labels["app.kubernetes.io/instance"])
}
