package chart_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestTheDisruptionBudgetIsForMoreThanOneReplica(t *testing.T) {
	const two = `coder: {replicaCount: 2, envFrom: [{secretRef: {name: db}}], podDisruptionBudget: `
	_, found := lookup[*policyv1.PodDisruptionBudget](t, objects(t, `{}`), "coder")
	assert.False(t, found, "one replica")
	_, found = lookup[*policyv1.PodDisruptionBudget](t, objects(t, two+`{enable: false}}`), "coder")
	assert.False(t, found, "turned off")

	budget := func(values string, options ...option) policyv1.PodDisruptionBudgetSpec {
		return find[*policyv1.PodDisruptionBudget](t, objects(t, two+values, options...), "coder").Spec
	}
	assert.Equal(t, new(intstr.FromString("50%")), budget(`{maxUnavailable: 50%}}`).MaxUnavailable)
	assert.Equal(t, new(intstr.FromInt32(0)), budget(`{maxUnavailable: 0}}`).MaxUnavailable)
	_, found = lookup[*policyv1.PodDisruptionBudget](t, objects(t, `coder: {replicaCount: null}`), "coder")
	assert.True(t, found, "replicas left to Kubernetes")
	least := budget(`{minAvailable: 1, unhealthyPodEvictionPolicy: IfHealthyBudget}}`)
	assert.Nil(t, least.MaxUnavailable)
	assert.Equal(t, new(intstr.FromInt32(1)), least.MinAvailable)
	assert.Equal(t, new(policyv1.IfHealthyBudget), least.UnhealthyPodEvictionPolicy)
	assert.Nil(t, budget(`{}}`, forKubernetes("1.26.0")).UnhealthyPodEvictionPolicy, "unknown before 1.27")
}

// Kubernetes evicts no pod that two budgets select.
func TestABudgetOfTheUsersOwnTakesThePlaceOfTheCharts(t *testing.T) {
	const values = `
coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}], podLabels: {team: a}}
extraTemplates:
  - |
    # Two documents in one text.
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: other}
    ---
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: mine, namespace: %s}
    spec: {minAvailable: 1, selector: %s}`
	for _, test := range []struct {
		name, namespace, selector string
		same                      bool
	}{
		{"by a label", `"{{ .Release.Namespace }}"`, `{matchLabels: {app.kubernetes.io/instance: "{{ .Release.Name }}"}}`, true},
		{"by a label of the user's", `""`, `{matchLabels: {team: a}}`, true},
		{"every pod", `""`, `{}`, true},
		{"by an expression", `""`, `{matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [coder, other]}, {key: x, operator: DoesNotExist}]}`, true},
		{"another value", `""`, `{matchLabels: {app.kubernetes.io/instance: other}}`, false},
		{"one label of two", `""`, `{matchLabels: {app.kubernetes.io/name: coder, app: coder}}`, false},
		{"an expression that excludes them", `""`, `{matchExpressions: [{key: team, operator: NotIn, values: [a]}]}`, false},
		{"another namespace", `other`, `{matchLabels: {app.kubernetes.io/name: coder}}`, false},
		{"no selector, which is no pod", `""`, `null`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := objects(t, fmt.Sprintf(values, test.namespace, test.selector))
			find[*policyv1.PodDisruptionBudget](t, all, "mine")
			_, found := lookup[*policyv1.PodDisruptionBudget](t, all, "coder")
			assert.Equal(t, test.same, !found)
		})
	}
}
