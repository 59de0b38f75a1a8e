package e2e

import (
	"context"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// budgetOf is a disruption budget over the replicas that no release made.
func budgetOf(name string) string {
	return `{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "` + name + `"},
		"spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/instance": "` + release + `"}}}}`
}

// TestABudgetThatIsThereTakesThePlaceOfTheCharts installs beside a disruption budget
// of the user's: Kubernetes evicts no pod that two of them select.
func TestABudgetThatIsThereTakesThePlaceOfTheCharts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.kubectl(budgetOf("mine"), "apply", "-f", "-")
	validate := []string{"--set", "coder.replicaCount=3", "--dry-run=server", "--output", "json"}
	output, _ := w.validate(w.cluster.Kubeconfig, validate...)
	assert.Equal(t, "passed", checkStatus(t, output)["disruption-budget"], output)

	w.install(3)
	budgets, err := w.client.PolicyV1().PodDisruptionBudgets(w.ns).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, budgets.Items, 1)
	assert.Equal(t, "mine", budgets.Items[0].Name)
	notes, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "get", "notes", release)
	require.NoError(t, err)
	assert.Contains(t, notes, "The chart makes no PodDisruptionBudget, as mine selects the same pods")
	victim := w.replicas()[:1]
	w.evict(&victim[0])
	w.waitSuccessors(victim, 3)

	w.kubectl(budgetOf("second"), "apply", "-f", "-")
	w.eventually("the refusal of an eviction", func(ctx context.Context) (bool, error) {
		err := w.tryEvict(ctx, &w.replicas()[0])
		return apierrors.IsInternalError(err), nil
	})
	output, _ = w.validate(w.cluster.Kubeconfig, validate...)
	assert.Equal(t, "failed", checkStatus(t, output)["disruption-budget"], output)
	assert.Contains(t, output, "2 disruption budgets select the same pods, and Kubernetes evicts no pod that has two")
	w.kubectl("", "delete", "poddisruptionbudget", "second")
}

// TestBudgetHoldsInADrainOfTwoNodes drains two nodes at the same time: the
// disruption budget keeps two of three replicas at work.
func TestBudgetHoldsInADrainOfTwoNodes(t *testing.T) {
	w := newWorld(t, shared)
	w.install(3)
	l := w.startLoad()
	l.mark()
	victims := []*corev1.Pod{w.replicaOn(w.nodes[1]), w.replicaOn(w.nodes[2])}
	for _, node := range w.nodes[1:3] {
		w.setUnschedulable(node, true)
		defer w.setUnschedulable(node, false)
	}
	fewest, refused := 3, false
	w.eventually("the drain of two nodes", func(ctx context.Context) (bool, error) {
		fewest = min(fewest, countReady(w.replicas()))
		gone := 0
		for _, victim := range victims {
			pod, err := w.client.CoreV1().Pods(w.ns).Get(ctx, victim.Name, metav1.GetOptions{})
			switch {
			case apierrors.IsNotFound(err) || err == nil && pod.UID != victim.UID:
				gone++
			case err != nil:
				return false, err
			case pod.DeletionTimestamp == nil:
				err := w.tryEvict(ctx, victim)
				refused = refused || apierrors.IsTooManyRequests(err)
				if ignoreRefusal(err) != nil {
					return false, err
				}
			}
		}
		return gone == len(victims) && countReady(w.replicas()) == 3, nil
	})
	assert.True(t, refused, "the budget has refused an eviction")
	assert.GreaterOrEqual(t, fewest, 2, "two replicas are always ready")
	r := l.afterRequests(settled)
	figures.request("StatefulSet", "two nodes drained at once", r)
	lost(t, "a drain of two nodes", r)
}
