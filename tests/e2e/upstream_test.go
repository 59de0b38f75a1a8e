package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// asUpstream has the real chart of Coder in a folder, and lets its pods into the
// namespace: they keep capabilities, which Pod Security "restricted" forbids.
func (w *world) asUpstream() (chart string) {
	w.t.Helper()
	w.allow("baseline")
	charts, err := upstream.Find(w.t.Context())
	require.NoError(w.t, err)
	chart, err = charts.Write(w.t.TempDir(), "coder", upstream.Version{Chart: "2.36.1", App: "2.36.1"})
	require.NoError(w.t, err)
	return chart
}

// installUpstream installs three replicas by the real chart of Coder, and returns its
// folder.
func (w *world) installUpstream() (chart string) {
	w.t.Helper()
	chart = w.asUpstream()
	helm.Install(w.t, w.options("coder.replicaCount=3"), chart, release)
	w.waitReady(w.ns, replicaLabels, 3)
	return chart
}

// waitDeployment waits until the Deployment is rolled out.
func (w *world) waitDeployment(n int) {
	w.t.Helper()
	w.eventually("the roll-out", func(ctx context.Context) (bool, error) {
		d, err := w.client.AppsV1().Deployments(w.ns).Get(ctx, "coder", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		s := d.Status
		if s.ObservedGeneration != d.Generation || int(s.UpdatedReplicas) != n || int(s.Replicas) != n || int(s.ReadyReplicas) != n {
			return false, fmt.Errorf("status %+v", s)
		}
		return true, nil
	})
	w.waitReady(w.ns, replicaLabels, n)
}

// TestUpstreamDefaultsForComparison measures what the same events cost with
// the upstream chart's defaults. The figures are the result.
func TestUpstreamDefaultsForComparison(t *testing.T) {
	w := newWorld(t, shared)
	upstreamChart := w.installUpstream()
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"rolling upgrade of 3 replicas", func() {
			helm.Upgrade(t, w.options(append(upgradeValues("2"), "coder.replicaCount=3")...), upstreamChart, release)
			w.waitDeployment(3)
		}},
		{"scale from 3 to 2", func() {
			helm.Upgrade(t, w.options(append(upgradeValues("2"), "coder.replicaCount=2")...), upstreamChart, release)
			w.waitDeployment(2)
		}},
		{"scale from 2 to 3", func() {
			helm.Upgrade(t, w.options(append(upgradeValues("2"), "coder.replicaCount=3")...), upstreamChart, release)
			w.waitDeployment(3)
		}},
		{"one pod deleted", w.deleteReplica},
		{"one node drained", func() { w.drain(w.nodes[2]); w.uncordon(w.nodes[2]) }},
	} {
		// New clients for each event: the kernel remembers a connection that
		// failed, and leads a later one with the same ports the same way.
		l := w.startLoad()
		r := l.during(event.name, func() {
			event.do()
			l.cleanFor(5*time.Second, patience)
		})
		l.stop()
		figures.request("Deployment, upstream's defaults", event.name, r)
		assert.Greater(t, r.Requests, settled)
	}
}

// TestMoveFromUpstream moves a release of the real chart of Coder to this one, in the
// way that this chart's README gives for a change without a new Coder version, and in
// one that keeps the old replicas until the new are ready. The first reuses the values,
// and with them the defaults of the chart that was there before.
func TestMoveFromUpstream(t *testing.T) {
	for _, way := range []struct {
		name, namespace string
		keep            bool
	}{
		{"helm upgrade --reuse-values alone", "alone", false},
		{"old Deployment kept until the new replicas are ready", "kept", true},
	} {
		t.Run(way.namespace, func(t *testing.T) {
			w := newWorld(t, shared)
			w.installUpstream()
			service, err := w.client.CoreV1().Services(w.ns).Get(t.Context(), "coder", metav1.GetOptions{})
			require.NoError(t, err)
			l := w.startLoad()
			l.mark()
			if way.keep {
				w.kubectl("", "annotate", "deployment", "coder", "helm.sh/resource-policy=keep")
				helm.Upgrade(t, w.options("coder.replicaCount=3"), chart(), release)
				w.waitStatefulSetReady(3)
				w.kubectl("", "delete", "deployment", "coder")
			} else {
				options := w.options()
				options.ValuesFiles, options.SetValues = nil, nil
				options.ExtraArgs["upgrade"] = append(options.ExtraArgs["upgrade"], "--reuse-values")
				helm.Upgrade(t, options, chart(), release)
			}
			w.waitRolledOut(3)
			r := l.cleanFor(5*time.Second, patience)
			figures.request("Deployment to StatefulSet", way.name, r)
			t.Logf("%s: %+v", way.name, r)
			w.waitMesh(3)
			now, err := w.client.CoreV1().Services(w.ns).Get(t.Context(), "coder", metav1.GetOptions{})
			require.NoError(t, err)
			assert.Equal(t, service.Spec.ClusterIP, now.Spec.ClusterIP, "the Service keeps its address")
			deployments, err := w.client.AppsV1().Deployments(w.ns).List(t.Context(), metav1.ListOptions{})
			require.NoError(t, err)
			assert.Empty(t, deployments.Items, "the old Deployment is gone")
			w.assertAvailable()
			if !way.keep {
				// New clients, as for each event of the comparison.
				l.stop()
				l = w.startLoad()
				lost(t, "a pod deleted after the move", l.during("a pod deleted after the move", w.deleteReplica))
			}
		})
	}
}

// assertAvailable asserts that the release has what this chart adds to three replicas
// of the upstream chart.
func (w *world) assertAvailable() {
	w.t.Helper()
	budget, err := w.client.PolicyV1().PodDisruptionBudgets(w.ns).Get(w.t.Context(), "coder", metav1.GetOptions{})
	require.NoError(w.t, err)
	assert.Equal(w.t, new(intstr.FromInt32(1)), budget.Spec.MaxUnavailable)
	assert.EqualValues(w.t, 3, budget.Status.ExpectedPods, "the budget counts the replicas")
	nodes := map[string]bool{}
	for _, pod := range w.replicas() {
		nodes[pod.Spec.NodeName] = true
		container := pod.Spec.Containers[0]
		assert.Equal(w.t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)
		require.NotNil(w.t, container.Lifecycle, "the drain delay")
		assert.NotNil(w.t, container.Lifecycle.PreStop, "the drain delay")
		require.Len(w.t, pod.Spec.TopologySpreadConstraints, 1, "the spread over zones")
		assert.Equal(w.t, corev1.LabelTopologyZone, pod.Spec.TopologySpreadConstraints[0].TopologyKey)
	}
	assert.Len(w.t, nodes, min(3, len(w.nodes)), "the replicas are spread over the nodes")
}

// waitStatefulSetReady waits for the StatefulSet's own pods, whatever else has
// their labels.
func (w *world) waitStatefulSetReady(n int32) {
	w.t.Helper()
	w.eventually("the StatefulSet's replicas", func(ctx context.Context) (bool, error) {
		set, err := w.client.AppsV1().StatefulSets(w.ns).Get(ctx, "coder", metav1.GetOptions{})
		return err == nil && set.Status.ReadyReplicas == n, err
	})
}
