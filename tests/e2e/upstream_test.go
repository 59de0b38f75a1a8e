package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// upstreamOptions are helm's for the chart in testdata that stands for the
// upstream chart's defaults.
func (w *world) upstreamOptions(values ...string) *helm.Options {
	options := w.options(values...)
	image := options.SetValues["coder.image.repo"] + ":" + options.SetValues["coder.image.tag"]
	for path := range options.SetValues {
		if path != "revision" && path != "replicaCount" {
			delete(options.SetValues, path)
		}
	}
	options.SetValues["image"] = image
	return options
}

func upstreamChart() string { return filepath.Join("testdata", "upstream-like") }

// installUpstream installs three replicas as the upstream chart would.
func (w *world) installUpstream() {
	w.t.Helper()
	helm.Install(w.t, w.upstreamOptions(), upstreamChart(), release)
	w.waitReady(w.ns, replicaLabels, 3)
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
	w.installUpstream()
	for _, event := range []struct {
		name string
		do   func()
	}{
		{"rolling upgrade of 3 replicas", func() {
			helm.Upgrade(t, w.upstreamOptions("revision=r2"), upstreamChart(), release)
			w.waitDeployment(3)
		}},
		{"scale from 3 to 2", func() {
			helm.Upgrade(t, w.upstreamOptions("revision=r2", "replicaCount=2"), upstreamChart(), release)
			w.waitDeployment(2)
		}},
		{"scale from 2 to 3", func() {
			helm.Upgrade(t, w.upstreamOptions("revision=r2"), upstreamChart(), release)
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

// TestMoveFromUpstream moves a release of the upstream chart to this one, in
// the way that the chart's README gives for a change without a new Coder
// version, and in one that keeps the old replicas until the new are ready.
func TestMoveFromUpstream(t *testing.T) {
	for _, way := range []struct {
		name, namespace string
		keep            bool
	}{
		{"helm upgrade alone", "alone", false},
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
				patch := []byte(`{"metadata":{"annotations":{"helm.sh/resource-policy":"keep"}}}`)
				_, err := w.client.AppsV1().Deployments(w.ns).Patch(t.Context(), "coder", types.MergePatchType, patch, metav1.PatchOptions{})
				require.NoError(t, err)
			}
			helm.Upgrade(t, w.options("coder.replicaCount=3"), chart(), release)
			if way.keep {
				w.waitStatefulSetReady(3)
				require.NoError(t, w.client.AppsV1().Deployments(w.ns).Delete(t.Context(), "coder", metav1.DeleteOptions{}))
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
		})
	}
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
