package settings

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// countChecks judge how many replicas run, and what changes their number.
func countChecks() []check.Check {
	return []check.Check{
		{
			ID: "replica-count-two", Area: area, Severity: check.Info, Needs: judgment.Described(facts.Autoscalers),
			Title:   "the replicas are not exactly two",
			Why:     "While one of two replicas is updated or lost, a single one serves everybody. Coder advises three or more.",
			Example: "coder.replicaCount: 2",
			Remedy:  "Run three replicas.",
			Judge:   judgeTwo,
		},
		{
			ID: "replica-count-high", Area: area, Severity: check.Warning, Needs: judgment.Described(facts.Autoscalers),
			Title:   "no more than ten replicas run",
			Why:     "Each replica keeps a connection to every other one, and connections to the database. Coder advises fewer than ten, and larger replicas before more of them.",
			Example: "coder.replicaCount: 20",
			Remedy:  "Run fewer replicas, and give each more CPU and memory.",
			Judge:   judgeHigh,
		},
		{
			ID: "autoscaler-on-coderd", Area: area, Severity: check.Warning, Needs: judgment.Described(facts.Autoscalers),
			Title:   "no autoscaler of the input changes the number of replicas",
			Why:     "A replica that is removed disconnects its users and workspaces. Coder advises a fixed number of replicas.",
			Example: "a HorizontalPodAutoscaler whose scaleTargetRef is the Deployment of coderd",
			Remedy:  "Remove the autoscaler, and set the number of replicas for the load at its peak.",
			Judge:   judgment.EachWorkload(judgeAutoscaler),
		},
	}
}

// mostReplicas is the largest number that Coder has validated (coder/coder
// docs/admin/infrastructure/validated-architectures/10k-users.md).
const mostReplicas = 10

// total is how many replicas run; known is false where the nodes decide.
func total(d *deployment.Deployment) (n int, known bool) {
	for _, w := range d.Workloads {
		if w.Kind == "DaemonSet" {
			return 0, false
		}
		n += w.Replicas
	}
	return n, true
}

// perNode is why the number of replicas is not judged.
const perNode = "a DaemonSet runs one pod on each node"

func judgeTwo(f *check.Case) check.Result {
	n, known := total(f.Deployment)
	switch {
	case !known:
		return check.NotApplicable(perNode)
	case n != 2:
		return check.Pass()
	}
	return check.Fail(check.Finding{
		Message: "two replicas run: while one is updated or lost, a single one serves everybody",
		Subject: of(f.Deployment), Observed: "2 replicas", Expected: "3 replicas or more",
	})
}

func judgeHigh(f *check.Case) check.Result {
	n, known := total(f.Deployment)
	switch {
	case !known:
		return check.NotApplicable(perNode)
	case n <= mostReplicas:
		return check.Pass()
	}
	for _, w := range f.Deployment.Workloads {
		if len(w.Autoscalers) > 0 {
			return check.See("autoscaler-on-coderd")
		}
	}
	return check.Fail(check.Finding{
		Message: fmt.Sprintf("%d replicas run, more than Coder has validated", n),
		Subject: of(f.Deployment), Observed: fmt.Sprintf("%d replicas", n), Expected: fmt.Sprintf("%d replicas or fewer", mostReplicas),
	})
}

// of is the subject of what is about all replicas.
func of(d *deployment.Deployment) check.Subject { return judgment.Container(d, d.Replicas[0]) }

func judgeAutoscaler(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	if w.Pod == nil {
		j.Skip("the replicas are no pods")
		return
	}
	j.Good()
	for _, a := range w.Autoscalers {
		if a.Min == a.Max {
			continue
		}
		j.Find(check.Finding{
			Message: fmt.Sprintf("%s %s changes the number of replicas", a.Kind, a.Name), Subject: judgment.Subject(a.Origin),
			Observed: fmt.Sprintf("%d to %d replicas", a.Min, a.Max), Expected: "a fixed number of replicas",
		})
	}
}
