package chart_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Kubernetes before 1.30 does not know preStop.sleep, and a chart that is rendered
// without a cluster is not told the version.
func TestTheDrainDelayWorksOnEveryKubernetes(t *testing.T) {
	preStop := func(values string, options ...option) *corev1.LifecycleHandler {
		lifecycle := coderOf(t, objects(t, values, options...)).Lifecycle
		if lifecycle == nil {
			return nil
		}
		return lifecycle.PreStop
	}
	exec := &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "15"}}}
	const fifteen = `coder: {drainDelaySeconds: 15}`
	assert.Equal(t, exec, preStop(fifteen, forKubernetes("v1.33.1-gke.100")))
	assert.Equal(t, exec, preStop(fifteen, forKubernetes("1.29.9")))
	assert.Nil(t, preStop(`coder: {drainDelaySeconds: 0}`))
}

func TestTheGracePeriodIsAValue(t *testing.T) {
	assert.Equal(t, new(int64(1900)),
		podOf(t, objects(t, `coder: {terminationGracePeriodSeconds: 1900}`)).Spec.TerminationGracePeriodSeconds)
}

func TestLivenessWaitsForAtLeastFifteenMinutesOfStart(t *testing.T) {
	assert.Nil(t, coderOf(t, objects(t, `{}`)).StartupProbe, "without liveness there is nothing to hold back")
	probe := coderOf(t, objects(t, `coder: {livenessProbe: {enabled: true}}`)).StartupProbe
	assert.Equal(t, "/healthz", probe.HTTPGet.Path)
	total := time.Duration(probe.PeriodSeconds*probe.FailureThreshold) * time.Second
	assert.GreaterOrEqual(t, total, 15*time.Minute)
}

func TestAStatefulSetGetsTheNearestStrategy(t *testing.T) {
	strategy := func(values string) appsv1.StatefulSetUpdateStrategy {
		return find[*appsv1.StatefulSet](t, objects(t, values), "coder").Spec.UpdateStrategy
	}
	rolling := func(most *intstr.IntOrString) appsv1.StatefulSetUpdateStrategy {
		s := appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType}
		if most != nil {
			s.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{MaxUnavailable: most}
		}
		return s
	}
	for values, want := range map[string]appsv1.StatefulSetUpdateStrategy{
		`{}`: rolling(nil),
		`coder: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}`:    rolling(nil),
		`coder: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 0%}}}`: rolling(nil),
		`coder: {strategy: {rollingUpdate: {maxUnavailable: 2}}}`:                                      rolling(new(intstr.FromInt32(2))),
		`coder: {strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 25%}}}`:               rolling(new(intstr.FromString("25%"))),
		`coder: {strategy: {type: Recreate}}`:                                                          rolling(new(intstr.FromString("100%"))),
		`coder: {strategy: {type: Recreate}, updateStrategy: {type: OnDelete}}`: {
			Type: appsv1.OnDeleteStatefulSetStrategyType,
		},
	} {
		t.Run(values, func(t *testing.T) { assert.Equal(t, want, strategy(values)) })
	}
}

func TestContainersBesideCoderAndTheTokenAreValues(t *testing.T) {
	pod := podOf(t, objects(t, `coder: {extraContainers: [{name: shipper, image: shipper:1}], automountServiceAccountToken: false}`)).Spec
	assert.Len(t, pod.Containers, 2)
	assert.Equal(t, "coder", pod.Containers[0].Name)
	assert.Equal(t, "shipper", pod.Containers[1].Name)
	assert.Equal(t, new(false), pod.AutomountServiceAccountToken)
	assert.Nil(t, podOf(t, objects(t, `{}`)).Spec.AutomountServiceAccountToken, "as upstream")
}

func TestADigestDecidesWhichImageRuns(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	image := func(values string) string { return coderOf(t, objects(t, values)).Image }
	assert.Equal(t, "ghcr.io/coder/coder@"+digest, image(`coder: {image: {digest: "`+digest+`"}}`))
	assert.Equal(t, "ghcr.io/coder/coder:v2.36.0@"+digest, image(`coder: {image: {tag: v2.36.0, digest: "`+digest+`"}}`))
}
