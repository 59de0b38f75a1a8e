package settings

import (
	"fmt"
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// replicas is how many run.
func replicas(n int32) func(*checktest.World) { return func(w *checktest.World) { w.Replicas(n) } }

// scaled is an autoscaler of a target between two numbers.
func scaled(target string, least, most int) func(*checktest.World) {
	return checktest.With(fmt.Sprintf(`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: scaler, namespace: coder},
  spec: {scaleTargetRef: {apiVersion: apps/v1, %s}, minReplicas: %d, maxReplicas: %d}}`, target, least, most))
}

func countCases(_ *testing.T, c *checktest.Cases) {
	const coder = "kind: StatefulSet, name: coder"
	hosts := func(n int) func(*checktest.World) {
		return checktest.OnHosts(func(h *checktest.HostFiles) { h.Names = h.Names[:n] })
	}
	daemonSet := func(w *checktest.World) { w.Workload.Kind = "DaemonSet" }
	c.About("replica-count-two",
		checktest.Passes("three", nil),
		checktest.Advises("two", "two replicas run", replicas(2)),
		checktest.Passes("one", replicas(1)),
		checktest.Advises("two hosts", "two replicas run", hosts(2)),
		checktest.Passes("three hosts", hosts(3)),
		checktest.Skips("one for each node", "DaemonSet", daemonSet),
	)
	c.About("replica-count-high",
		checktest.Passes("three", nil),
		checktest.Passes("ten", replicas(10)),
		checktest.Warns("eleven", "11 replicas run", replicas(11)),
		checktest.Skips("an autoscaler may raise the number", "autoscaler-on-coderd", scaled(coder, 3, 20)),
		checktest.Skips("one for each node", "DaemonSet", daemonSet),
	)
	c.About("autoscaler-on-coderd",
		checktest.Passes("none", nil),
		checktest.Warns("an autoscaler", "HorizontalPodAutoscaler scaler changes", scaled(coder, 3, 5)),
		checktest.Passes("an autoscaler of a fixed number", scaled(coder, 3, 3)),
		checktest.Passes("one of another workload", scaled("kind: StatefulSet, name: web", 3, 5)),
		checktest.Passes("one of another kind", scaled("kind: Deployment, name: coder", 3, 5)),
		checktest.Warns("one of KEDA", "ScaledObject scaler changes", checktest.With(`{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: scaler, namespace: coder},
  spec: {scaleTargetRef: {kind: StatefulSet, name: coder}, maxReplicaCount: 5}}`)),
		checktest.Passes("one in another namespace", checktest.With(`{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: scaler, namespace: other},
  spec: {scaleTargetRef: {kind: StatefulSet, name: coder}, maxReplicaCount: 5}}`)),
		checktest.Skips("hosts", "no pods", hosts(3)),
	)
}
