package workload

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// budgetChecks judge what a drain of a node may do to the replicas.
func budgetChecks() []check.Check {
	return []check.Check{{
		ID: "disruption-budget", Area: area, Severity: check.Warning, Needs: judgment.Described(facts.DisruptionBudgets),
		Title:   "one disruption budget selects the replicas, and lets a drain go on",
		Why:     "Without a budget a drain of several nodes may stop all replicas at once. A budget that allows no eviction, or a second one over the same pods, blocks every drain.",
		Example: "PodDisruptionBudget coder has minAvailable: 3, and there are 3 replicas",
		Remedy:  "Have one PodDisruptionBudget over the replicas, with maxUnavailable: 1.",
		Judge:   judgment.EachWorkload(judgeBudget),
	}}
}

func judgeBudget(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	budgets := d.Budgets(r)
	switch {
	case w.Pod == nil:
		j.Skip("the replicas are no pods")
	case w.Kind == "DaemonSet":
		j.Skip("a drain leaves the pods of a DaemonSet alone")
	case len(budgets) > 1:
		var names []string
		for _, b := range budgets {
			names = append(names, b.Name)
		}
		j.Find(check.Finding{
			Message: fmt.Sprintf("%d disruption budgets select the same pods, and Kubernetes evicts no pod that has two", len(budgets)),
			Subject: judgment.Subject(budgets[1].Origin), Observed: strings.Join(names, ", "), Expected: "one of them",
			Remedy: "Remove all but one. The budget of this project's chart goes with coder.podDisruptionBudget.enable: false.",
		})
	case len(budgets) == 1:
		judgeEvictions(j, w, budgets[0])
	case w.Replicas < 2:
		j.Skip(judgment.OneReplica)
	default:
		j.Find(check.Finding{
			Severity: check.Info,
			Message:  fmt.Sprintf("no disruption budget in the input selects the %d replicas: drains of several nodes may stop all of them at once", w.Replicas),
			Subject:  judgment.Container(d, r), Observed: "no PodDisruptionBudget", Expected: "a PodDisruptionBudget with maxUnavailable: 1",
		})
	}
}

// judgeEvictions judges the only budget of a workload.
func judgeEvictions(j *judgment.Judgment, w deployment.Workload, b deployment.Budget) {
	evictable, readable := b.Evictable(w.Replicas)
	switch {
	case w.Replicas == 0:
		j.Skip("no replica runs")
	case !readable:
		j.Skip("the API server refuses the budget's %s", b)
	case evictable == 0 && b.Live && b.MaxUnavailable == "":
		j.Skip("PodDisruptionBudget %s of the cluster may select pods of other workloads too", b.Name)
	case evictable == 0 && b.Others && b.MaxUnavailable == "":
		// It counts the pods of other workloads too.
		j.Skip("PodDisruptionBudget %s selects pods of other workloads too", b.Name)
	case evictable == 0:
		j.Find(check.Finding{
			Message: fmt.Sprintf("the disruption budget never allows an eviction of the %d replicas, so no drain of their nodes ends", w.Replicas),
			Subject: judgment.Subject(b.Origin), Observed: b.String(), Expected: "maxUnavailable: 1",
			Remedy: "Set maxUnavailable: 1 in place of " + b.String() + ".",
		})
	default:
		j.Good()
	}
}
