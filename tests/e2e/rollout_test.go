package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
	"github.com/coder-ha/coder-ha/tests/e2e/images"
	"github.com/coder-ha/coder-ha/tests/e2e/load"
)

// settled is how long the load goes on after an event that should lose nothing.
const settled = 200

// during reports what became of the requests while something happened.
func (l *loader) during(what string, do func()) load.Report {
	l.w.t.Helper()
	l.mark()
	do()
	r := l.afterRequests(settled)
	l.w.t.Logf("%s: %+v", what, r)
	return r
}

// lost fails the test if a request was lost.
func lost(t *testing.T, what string, r load.Report) {
	t.Helper()
	assert.Zero(t, r.Errors, "%s loses no request: %+v", what, r)
	assert.Greater(t, r.Requests, settled)
}

// TestPlannedChangesLoseNoRequest has real requests under way while replicas
// come and go on purpose.
func TestPlannedChangesLoseNoRequest(t *testing.T) {
	w := newWorld(t, shared)
	w.install(3)
	l := w.startLoad()
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"rolling upgrade of 3 replicas", func() { w.upgrade(3, newVersion()...) }},
		{"scale from 3 to 5", func() { w.upgrade(5, newVersion()...) }},
		{"scale from 5 to 2", func() { w.upgrade(2, newVersion()...) }},
		{"scale from 2 to 3", func() { w.upgrade(3, newVersion()...) }},
		{"one pod deleted", w.deleteReplica},
		{"one node drained", func() { w.drain(w.nodes[2]); w.uncordon(w.nodes[2]) }},
	} {
		r := l.during(event.name, event.do)
		figures.request("StatefulSet", event.name, r)
		lost(t, event.name, r)
	}
	for _, r := range w.waitMesh(3) {
		if os.Getenv("E2E_CODER_IMAGE") == "" {
			assert.Equal(t, images.Versions[1], r.Version)
		}
	}
}

// newVersion are the values of an upgrade: the next version of the stand-in,
// or, with a real image, another annotation.
func newVersion() []string {
	if os.Getenv("E2E_CODER_IMAGE") != "" {
		return upgradeValues("2")
	}
	return []string{"coder.image.tag=" + images.Versions[1]}
}

// deleteReplica deletes the first replica and waits for its successor.
func (w *world) deleteReplica() {
	w.t.Helper()
	old := w.replicas()
	n := len(old)
	require.NoError(w.t, w.client.CoreV1().Pods(w.ns).Delete(w.t.Context(), old[0].Name, metav1.DeleteOptions{}))
	w.waitSuccessors(old[:1], n)
}

// waitSuccessors waits until the pods are gone and n replicas are ready.
func (w *world) waitSuccessors(old []corev1.Pod, n int) {
	w.t.Helper()
	w.eventually("successors of the lost replicas", func(context.Context) (bool, error) {
		now := w.replicas()
		for i := range old {
			for j := range now {
				if now[j].UID == old[i].UID {
					return false, fmt.Errorf("%s is still there", now[j].Name)
				}
			}
		}
		return countReady(now) == n && len(now) == n, nil
	})
}

// drain does what kubectl drain does: no new pods on the node, and an
// eviction, subject to the disruption budget, for each replica on it.
func (w *world) drain(node string) {
	w.t.Helper()
	w.setUnschedulable(node, true)
	n := len(w.replicas())
	var here []corev1.Pod
	for _, pod := range w.replicas() {
		if pod.Spec.NodeName == node {
			here = append(here, pod)
		}
	}
	for i := range here {
		w.evict(&here[i])
	}
	w.waitSuccessors(here, n)
}

func (w *world) uncordon(node string) {
	w.t.Helper()
	w.setUnschedulable(node, false)
}

func (w *world) setUnschedulable(node string, value bool) {
	w.t.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, value)
	_, err := w.client.CoreV1().Nodes().Patch(context.WithoutCancel(w.t.Context()), node, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
	require.NoError(w.t, err)
}

// evict asks for an eviction until the disruption budget allows it.
func (w *world) evict(pod *corev1.Pod) {
	w.t.Helper()
	w.eventually("the eviction of "+pod.Name, func(ctx context.Context) (bool, error) {
		err := w.tryEvict(ctx, pod)
		return err == nil || apierrors.IsNotFound(err), ignoreRefusal(err)
	})
}

func (w *world) tryEvict(ctx context.Context, pod *corev1.Pod) error {
	return w.client.PolicyV1().Evictions(pod.Namespace).Evict(ctx,
		&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace}})
}

// ignoreRefusal takes the budget's "not now" and a pod that is gone for no
// error.
func ignoreRefusal(err error) error {
	if apierrors.IsTooManyRequests(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// TestUnplannedLossesHealQuickly kills a replica and cuts a node off. What was
// in flight is lost; the time until the last failed request is bounded.
func TestUnplannedLossesHealQuickly(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	w.install(3)
	l := w.startLoad()

	victim := w.replicaOn(w.nodes[2])
	l.mark()
	require.NoError(t, w.cluster.KillContainer(victim.Status.ContainerStatuses[0].ContainerID))
	// The kubelet sees the end of a container at once, restarts it, and the
	// endpoint leaves and comes back with the pod's readiness.
	r := l.cleanFor(5*time.Second, patience)
	figures.request("StatefulSet", "one replica killed with SIGKILL", r)
	assert.Less(t, r.LastError, 10*time.Second, "%+v", r)
	w.waitReady(w.ns, replicaLabels, 3)
	w.waitMesh(3)

	l.mark()
	require.NoError(t, w.cluster.CutNode(3))
	// Half of the requests wait for their time-out until the endpoints leave:
	// only a while longer than both is clean.
	r = l.cleanFor(cluster.NodeGracePeriod+requestTimeout+3*time.Second, patience)
	w.heal(3)
	figures.request("StatefulSet", fmt.Sprintf("one node cut off (node grace %s)", cluster.NodeGracePeriod), r)
	// The node counts as lost after the grace period, checked every 2 s; then
	// its endpoints leave the Service.
	assert.Less(t, r.LastError, cluster.NodeGracePeriod+6*time.Second, "%+v", r)
	assert.Positive(t, r.Errors, "a node that is cut off without a lost request was not cut off")
	w.waitReady(w.ns, replicaLabels, 3)
	w.waitMesh(3)
}

// replicaOn is the replica on a node.
func (w *world) replicaOn(node string) *corev1.Pod {
	w.t.Helper()
	pods := w.replicas()
	for i := range pods {
		if pods[i].Spec.NodeName == node {
			return &pods[i]
		}
	}
	require.Fail(w.t, "no replica on "+node)
	return nil
}

// breaks tells whether the cluster may be broken. In a cluster of one's own it
// may not: the test says by name what is left out.
func breaks(t *testing.T, c *cluster.Cluster) bool {
	t.Helper()
	if !c.Own() {
		fmt.Printf("left out: %s cuts nodes off or kills processes on them, which a cluster of your own is spared\n", t.Name())
	}
	return c.Own()
}
