package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// toleration is the chart's coder.unreachableTolerationSeconds.
const toleration = 30 * time.Second

// TestLostNode loses a node for good, under a StatefulSet and under a Deployment at the
// same time, and measures what brings the third replica back: nothing, a person, or
// what a platform does by itself.
func TestLostNode(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	l := lostNode{t: t, set: newWorld(t, shared), deployment: newNamedWorld(t, shared, nameOf(t)+"-deployment")}
	// The grace period is short, so that it passes while the test watches.
	l.set.install(3, "coder.terminationGracePeriodSeconds=15")
	l.deployment.install(3, "coder.workloadKind=Deployment")
	l.isLeftAlone()
	l.losesItsPod()
	l.isTainted()
	l.isDeleted()
	l.set.waitMesh(3)
	l.deployment.waitMesh(3)
}

// lostNode is the last node, which two releases share.
type lostNode struct {
	t               *testing.T
	set, deployment *world
}

// The workloads by the names that the figures have for them.
const (
	kindSet        = "StatefulSet"
	kindDeployment = "Deployment (coder.workloadKind)"
)

const (
	lastNode = 3
	// collection is how often Kubernetes looks for pods without a node, or on one that
	// is out of service, and quarantine how long a node must be gone (pkg/controller/podgc).
	collection, quarantine = 20 * time.Second, 40 * time.Second
	// busy is what a busy machine, and the start of a replica, may take.
	busy = 15 * time.Second
)

func (l lostNode) name() string { return l.set.cluster.NodeName(lastNode) }

// isLost puts a replica of each release on the node, cuts it off, and waits until
// Kubernetes knows. It returns when the node was cut off.
func (l lostNode) isLost() time.Time {
	l.t.Helper()
	for _, w := range []*world{l.set, l.deployment} {
		w.spread()
	}
	begin := time.Now()
	require.NoError(l.t, l.set.cluster.CutNode(lastNode))
	for _, w := range []*world{l.set, l.deployment} {
		w.eventually("two replicas left", func(context.Context) (bool, error) { return countReady(w.replicas()) == 2, nil })
	}
	return begin
}

// isLeftAlone does nothing: Kubernetes tells both replicas to go. It replaces the one
// of the Deployment at once, and that of the StatefulSet when the node is back.
func (l lostNode) isLeftAlone() {
	l.t.Helper()
	begin := l.isLost()
	victim := l.set.replicaOn(l.name())
	l.deployment.waitThree()
	took := time.Since(begin)
	figures.duration(kindDeployment, fmt.Sprintf("node lost for good, and nothing is done: from the loss to three ready replicas (node grace %s, cluster's toleration %s; Kubernetes' own are 50 s and 300 s)", cluster.NodeGracePeriod, cluster.UnreachableToleration), took)
	assertEviction(l.t, took, cluster.UnreachableToleration)

	l.set.eventually("the victim's eviction", func(ctx context.Context) (bool, error) {
		pod, err := l.set.client.CoreV1().Pods(l.set.ns).Get(ctx, victim.Name, metav1.GetOptions{})
		return err == nil && pod.DeletionTimestamp != nil, err
	})
	took = time.Since(begin)
	figures.duration(kindSet, fmt.Sprintf("node lost for good, and nothing is done: the replica is told to go (node grace %s, chart's toleration %s)", cluster.NodeGracePeriod, toleration), took)
	assertEviction(l.t, took, toleration)
	still := l.set.watchFor(20*time.Second, func() bool {
		pod, err := l.set.client.CoreV1().Pods(l.set.ns).Get(l.t.Context(), victim.Name, metav1.GetOptions{})
		return err == nil && pod.UID == victim.UID
	})
	assert.True(l.t, still, "the replica stays in Terminating, beyond its grace period")
	figures.durationText(kindSet, "node lost for good, and nothing is done: three ready replicas", "not before the node is back")

	back := time.Now()
	l.set.heal(lastNode)
	l.set.waitThree()
	figures.duration(kindSet, "node back after its loss: three ready replicas", time.Since(back))
	l.set.waitMesh(3)
}

// losesItsPod has a person delete the StatefulSet's pod, before Kubernetes tells it to
// go.
func (l lostNode) losesItsPod() {
	l.t.Helper()
	l.isLost()
	begin := time.Now()
	l.set.kubectl("", "delete", "pod", l.set.replicaOn(l.name()).Name, "--force", "--grace-period=0")
	l.set.waitThree()
	figures.duration(kindSet, "node lost for good: from `kubectl delete pod --force` to three ready replicas", time.Since(begin))
	l.set.heal(lastNode)
}

// isTainted says that the node is out of service.
func (l lostNode) isTainted() {
	l.t.Helper()
	l.isLost()
	l.set.kubectl("", "taint", "node", l.name(), corev1.TaintNodeOutOfService+"=nodeshutdown:NoExecute")
	set, deployment := l.recover("the taint out-of-service")
	assert.Less(l.t, set, collection+busy)
	assert.Less(l.t, deployment, busy)
	require.NoError(l.t, l.set.cluster.HealNode(lastNode))
	l.set.kubectl("", "taint", "node", l.name(), corev1.TaintNodeOutOfService+"-")
	l.set.heal(lastNode)
}

// isDeleted deletes the Node, as a cloud's controller manager does when the machine no
// longer exists there.
func (l lostNode) isDeleted() {
	l.t.Helper()
	nodes := l.set.client.CoreV1().Nodes()
	node, err := nodes.Get(l.t.Context(), l.name(), metav1.GetOptions{})
	require.NoError(l.t, err)
	l.isLost()
	l.set.kubectl("", "delete", "node", l.name())
	set, deployment := l.recover("the deletion of the Node")
	assert.Less(l.t, set, quarantine+2*collection+busy)
	assert.Less(l.t, deployment, quarantine+2*collection+busy)
	// Only a kubelet that starts makes a Node for itself.
	_, err = nodes.Create(l.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.Labels, Annotations: node.Annotations},
		Spec:       corev1.NodeSpec{PodCIDR: node.Spec.PodCIDR, PodCIDRs: node.Spec.PodCIDRs},
	}, metav1.CreateOptions{})
	require.NoError(l.t, err)
	l.set.heal(lastNode)
}

// recover measures how long both releases take to three ready replicas, after what
// was just done.
func (l lostNode) recover(after string) (set, deployment time.Duration) {
	l.t.Helper()
	begin := time.Now()
	l.set.eventually("three replicas again, of both", func(context.Context) (bool, error) {
		for took, w := range map[*time.Duration]*world{&set: l.set, &deployment: l.deployment} {
			if *took == 0 && countReady(w.replicas()) == 3 {
				*took = time.Since(begin)
			}
		}
		return set > 0 && deployment > 0, nil
	})
	what := "node lost for good: from " + after + " to three ready replicas"
	figures.duration(kindSet, what, set)
	figures.duration(kindDeployment, what, deployment)
	return set, deployment
}

// waitThree waits for three replicas that are ready, whatever else is left.
func (w *world) waitThree() {
	w.t.Helper()
	w.eventually("three ready replicas", func(context.Context) (bool, error) { return countReady(w.replicas()) == 3, nil })
}

// spread waits until each node has one of three replicas; one that shares its node is
// moved.
func (w *world) spread() {
	w.t.Helper()
	none := int64(0)
	w.eventually("a replica on each node", func(ctx context.Context) (bool, error) {
		pods := w.replicas()
		if len(pods) != 3 || countReady(pods) != 3 {
			return false, fmt.Errorf("%d pods, %d ready", len(pods), countReady(pods))
		}
		taken := map[string]bool{}
		for i := range pods {
			if taken[pods[i].Spec.NodeName] {
				return false, w.client.CoreV1().Pods(w.ns).Delete(ctx, pods[i].Name, metav1.DeleteOptions{GracePeriodSeconds: &none})
			}
			taken[pods[i].Spec.NodeName] = true
		}
		return true, nil
	})
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
