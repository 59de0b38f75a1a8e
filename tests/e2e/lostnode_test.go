package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// toleration is the chart's coder.unreachableTolerationSeconds.
const toleration = 30 * time.Second

// TestLostNodeStatefulSet loses a node for good. Kubernetes does not replace a
// StatefulSet's pod there until its object is gone; the documented command
// does that.
func TestLostNodeStatefulSet(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	w.install(3)
	victim := w.replicaOn(w.nodes[2])
	require.NoError(t, w.cluster.CutNode(3))
	defer w.heal(3)

	took := w.poll(200*time.Millisecond, patience, "the victim's eviction", func(ctx context.Context) (bool, error) {
		pod, err := w.client.CoreV1().Pods(w.ns).Get(ctx, victim.Name, metav1.GetOptions{})
		return err == nil && pod.DeletionTimestamp != nil, err
	})
	figures.duration("StatefulSet", fmt.Sprintf("node lost for good: the replica is told to go (node grace %s, chart's toleration %s)", cluster.NodeGracePeriod, toleration), took)
	assertEviction(t, took, toleration)

	// Without the command nothing more happens: the grace period of the pod
	// passes, and its object stays as long as its node is silent.
	still := w.watchFor(20*time.Second, func() bool {
		pod, err := w.client.CoreV1().Pods(w.ns).Get(t.Context(), victim.Name, metav1.GetOptions{})
		return err == nil && pod.UID == victim.UID
	})
	assert.True(t, still, "the replica stays in Terminating")
	figures.durationText("StatefulSet", "node lost for good, without the documented command: three replicas again", "not before the node is back")

	begin := time.Now()
	none := int64(0)
	require.NoError(t, w.client.CoreV1().Pods(w.ns).Delete(t.Context(), victim.Name, metav1.DeleteOptions{GracePeriodSeconds: &none}))
	w.eventually("three replicas again", func(context.Context) (bool, error) { return countReady(w.replicas()) == 3, nil })
	figures.duration("StatefulSet", "node lost for good: from the documented command to three ready replicas", time.Since(begin))
	w.waitMesh(3)
}

// TestLostNodeDeployment loses a node for good with coder.workloadKind:
// Deployment: nobody has to do anything.
func TestLostNodeDeployment(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	w.install(3, "coder.workloadKind=Deployment")
	require.NotNil(t, w.replicaOn(w.nodes[2]))
	require.NoError(t, w.cluster.CutNode(3))
	defer w.heal(3)
	begin := time.Now()
	w.eventually("two replicas left", func(context.Context) (bool, error) { return countReady(w.replicas()) == 2, nil })
	w.eventually("three replicas again", func(context.Context) (bool, error) { return countReady(w.replicas()) == 3, nil })
	took := time.Since(begin)
	figures.duration("Deployment (coder.workloadKind)", fmt.Sprintf("node lost for good: from the loss to three ready replicas (node grace %s, cluster's toleration %s; Kubernetes' own are 50 s and 300 s)", cluster.NodeGracePeriod, cluster.UnreachableToleration), took)
	assertEviction(t, took, cluster.UnreachableToleration)
	w.waitMesh(3)
}

// assertEviction holds the time until a pod is evicted to what it is made of:
// the node's grace period and the pod's toleration, and beyond them the
// controller's period of 2 s, its rate of one node in 10 s (the default of
// --node-eviction-rate), and what a busy machine takes.
func assertEviction(t *testing.T, took, toleration time.Duration) {
	t.Helper()
	const renewal, rate, slack = 3 * time.Second, 10 * time.Second, 15 * time.Second
	assert.Greater(t, took, cluster.NodeGracePeriod+toleration-renewal)
	assert.Less(t, took, cluster.NodeGracePeriod+toleration+rate+slack)
}

// heal brings a node back and waits until Kubernetes knows.
func (w *world) heal(n int) {
	w.t.Helper()
	require.NoError(w.t, w.cluster.HealNode(n))
	w.eventually("the healed node", func(ctx context.Context) (bool, error) {
		node, err := w.client.CoreV1().Nodes().Get(ctx, w.cluster.NodeName(n), metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return len(node.Spec.Taints) == 0, nil
			}
		}
		return false, nil
	})
}

// watchFor tells whether a condition holds all the while.
func (w *world) watchFor(while time.Duration, condition func() bool) bool {
	w.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	end := time.NewTimer(while)
	defer end.Stop()
	for {
		select {
		case <-end.C:
			return true
		case <-tick.C:
			if !condition() {
				return false
			}
		}
	}
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
