package workload

import (
	"fmt"
	"strconv"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// stopChecks judge whether a replica can stop without cutting off its users.
func stopChecks() []check.Check {
	return []check.Check{
		{
			ID: "grace-period", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "a replica has 60 seconds or more to stop",
			Why:     "coderd ends requests, notifications, builds and connections of workspaces before it exits. What is not done in the grace period is cut off.",
			Example: "terminationGracePeriodSeconds is not set: 30 seconds is Kubernetes' default",
			Remedy:  "Set terminationGracePeriodSeconds: 60 in the pod.",
			Judge:   judgment.EachWorkload(judgeGrace),
		},
		{
			ID: "drain-delay", Area: area, Severity: check.Info, Needs: judgment.Replicas,
			Title:   "a replica waits before it stops, so that no new request is sent to it",
			Why:     "coderd takes no new connection after the stop signal, but load balancers and nodes learn some seconds later that the pod is gone: requests fail meanwhile.",
			Example: "the container of coderd has no preStop hook",
			Remedy:  "Give coderd's container this hook, from Kubernetes 1.30 on:\nlifecycle:\n  preStop:\n    sleep: {seconds: 10}",
			Judge:   judgment.BetweenReplicas(judgeDrain),
		},
	}
}

// leastGrace is that of Coder's own chart, in seconds (coder/coder
// helm/coder/values.yaml).
const leastGrace = 60

// defaultGrace is what the API server gives a pod that does not say.
const defaultGrace = 30

func judgeGrace(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	switch {
	case pod == nil:
		j.Skip("the replicas are no pods")
	case pod.GraceSeconds >= leastGrace:
		j.Good()
	default:
		observed := fmt.Sprintf("terminationGracePeriodSeconds: %d", pod.GraceSeconds)
		if pod.GraceSeconds == defaultGrace {
			observed += ", which is also Kubernetes' default"
		}
		j.Find(check.Finding{
			Message: fmt.Sprintf("Kubernetes kills a replica %d seconds after it tells it to stop", pod.GraceSeconds),
			Subject: judgment.Container(d, r), Observed: observed, Expected: "60 seconds or more",
		})
	}
}

func judgeDrain(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	pod := d.Workloads[r.Workload].Pod
	switch {
	case pod == nil:
		j.Skip("the replicas are no pods")
	case pod.PreStop == nil:
		j.Find(check.Finding{
			Message: "coderd stops at once, while requests are still sent to it", Subject: judgment.Container(d, r),
			Observed: "no preStop hook", Expected: "a preStop hook that waits 5 to 15 seconds",
		})
	case pod.PreStop.Opaque:
		j.Unproven("what the preStop hook runs decides how long it waits", "use sleep in the preStop hook")
	case pod.PreStop.Sleep == 0:
		j.Find(check.Finding{
			Message: "coderd stops at once, while requests are still sent to it", Subject: judgment.Container(d, r),
			Observed: "a preStop hook that does not wait", Expected: "a preStop hook that waits 5 to 15 seconds",
		})
	default:
		j.Good()
	}
}

func seconds(d time.Duration) string { return count(int(d / time.Second)) }

func count(n int) string { return strconv.Itoa(n) }
