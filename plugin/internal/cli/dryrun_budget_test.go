package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// TestABudgetThatTheClusterHasIsJudged has the chart of this repository look for the
// disruption budgets of its namespace.
func TestABudgetThatTheClusterHasIsJudged(t *testing.T) {
	const replicas = `{"matchLabels":{"app.kubernetes.io/name":"coder"}}`
	for _, c := range []struct{ name, metadata, spec, want string }{
		{"one that lets a drain go on", `{"name":"mine","namespace":"coder"}`, `{"maxUnavailable":1,"selector":` + replicas + `}`, "√ one disruption budget selects the replicas"},
		{
			"one that allows no eviction", `{"name":"mine","namespace":"coder"}`, `{"maxUnavailable":0,"selector":` + replicas + `}`,
			"never allows an eviction of the 3 replicas, so no drain of their nodes ends\n      at        PodDisruptionBudget coder/mine\n",
		},
		{
			"one that may count other pods", `{"name":"mine","namespace":"coder"}`, `{"minAvailable":3,"selector":` + replicas + `}`,
			"PodDisruptionBudget mine of the cluster may select pods of other workloads too",
		},
		{"one of other pods", `{"name":"mine","namespace":"coder"}`, `{"maxUnavailable":0,"selector":{"matchLabels":{"app":"x"}}}`, "√ one disruption budget selects the replicas"},
		{
			"that of the release itself", `{"name":"coder","namespace":"coder","annotations":{"meta.helm.sh/release-name":"coder"}}`,
			`{"maxUnavailable":0,"selector":` + replicas + `}`, "√ one disruption budget selects the replicas",
		},
		{"one of the same name as the chart's", `{"name":"coder","namespace":"coder"}`, `{"maxUnavailable":0,"selector":{"matchLabels":{"app":"x"}}}`, "√ one disruption budget selects the replicas"},
	} {
		t.Run(c.name, func(t *testing.T) {
			kubeconfig := answering(t, map[string]string{
				"/apis":           `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"policy","versions":[{"groupVersion":"policy/v1","version":"v1"}]}]}`,
				"/api/v1":         `{"kind":"APIResourceList","groupVersion":"v1","resources":[]}`,
				"/apis/policy/v1": `{"kind":"APIResourceList","groupVersion":"policy/v1","resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget","namespaced":true,"verbs":["list"]}]}`,
				"/apis/policy/v1/namespaces/coder/poddisruptionbudgets": `{"kind":"PodDisruptionBudgetList","apiVersion":"policy/v1","metadata":{},"items":[
					{"metadata":` + c.metadata + `,"spec":` + c.spec + `}]}`,
			})
			got := command(t, "", "validate", "coder", "../../../charts/coder", "--kubeconfig", kubeconfig, "--namespace", "coder", "--dry-run=server", "--verbose",
				"--set", "coder.image.tag=v2.38.0,coder.replicaCount=3", "--set-json", `coder.envFrom=[{"secretRef":{"name":"db"}}]`)
			assert.Equal(t, run.ExitOK, got.code, got)
			assert.Empty(t, got.err)
			assert.Contains(t, got.out, c.want)
		})
	}
}
