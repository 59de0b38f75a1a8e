package running

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func podChecks() []check.Check {
	return []check.Check{
		{
			ID: "replicas-not-ready", Area: area, Severity: check.Warning, Needs: pods,
			Title:   "all replicas are ready, or on their way",
			Why:     "A replica that is not ready serves nobody: the others carry its load, and one more failure costs more.",
			Example: "coder-1 is in CrashLoopBackOff",
			Remedy:  "Look at the pod's events and at the end of its log.",
			Judge:   judgeReady,
		},
		{
			ID: "replica-stuck", Area: area, Severity: check.Warning, Needs: pods, Uses: []facts.Kind{facts.Nodes},
			Title:   "no pod of a StatefulSet waits for a node that is gone",
			Why:     "Kubernetes makes no other pod in its place until its object is deleted: the deployment runs with one replica less until then.",
			Example: "coder-1 is on node-2, and there is no such node anymore",
			Remedy:  "If the node is really off, delete the pod's object or give the node the out-of-service taint.",
			Judge:   judgeStuck,
		},
	}
}

func judgeReady(f *check.Case) check.Result {
	var j judgment.Judgment
	desired, ready := f.Running.Desired(), 0
	for _, pod := range f.Running.Pods {
		if pod.StateAt(f.Now) == facts.Ready {
			ready++
		}
	}
	if desired == 0 {
		return check.NotApplicable("it is scaled to 0 replicas")
	}
	if ready == 0 {
		j.Find(check.Finding{
			Severity: check.Error, Message: "no replica is ready: Coder is down", Subject: workload(f),
			Observed: fmt.Sprintf("0 of %s ready", human.Count(desired, "replica")), Expected: fmt.Sprintf("%d ready", desired),
		})
	}
	notes := []string{fmt.Sprintf("%d of %d", ready, desired)}
	for _, pod := range f.Running.Pods {
		switch state := pod.StateAt(f.Now); state {
		case facts.Ready:
			j.Good()
		case facts.Draining, facts.Ended:
			notes = append(notes, pod.Name+" is "+string(state))
		case facts.Overdue:
			j.See("replica-stuck")
		case facts.Starting:
			j.Unproven(fmt.Sprintf("%s has been starting for %s", pod.Name, human.Duration(f.Now.Sub(pod.Created))), check.Later)
		case facts.NotReady, facts.Troubled:
			j.Find(notReady(f, pod))
		}
	}
	return judgment.Noted(j.Result(), strings.Join(notes, ", "))
}

// notReady is the finding about one pod.
func notReady(f *check.Case, pod facts.Pod) check.Finding {
	observed := pod.Trouble
	if pod.Message != "" {
		observed += ": " + pod.Message
	}
	if observed == "" {
		observed = "its readiness probe fails"
		if pod.Started.IsZero() {
			observed = "coderd does not run"
		}
	}
	if pod.Restarts > 0 {
		observed += ", restarted " + human.Count(pod.Restarts, "time")
		if pod.LastEnd != "" {
			observed += ", ended last with " + pod.LastEnd
		}
	}
	message := pod.Name + " is not ready"
	if pod.Trouble != "" {
		message += ": " + pod.Trouble
	}
	return check.Finding{
		Message: message, Subject: about(f, pod.Name), Observed: observed, Expected: "ready",
		Remedy: fmt.Sprintf("kubectl -n %[1]s describe pod %[2]s\nkubectl -n %[1]s logs %[2]s --previous", f.Running.Release.Namespace, pod.Name),
	}
}

func judgeStuck(f *check.Case) check.Result {
	var j judgment.Judgment
	for _, pod := range f.Running.Pods {
		node := f.Running.NodeOf(pod)
		overdue := pod.StateAt(f.Now) == facts.Overdue
		switch {
		case !pod.StatefulSet:
			j.Skip("the pods are replaced without waiting for their node")
		case node != nil && node.Gone:
			j.Find(stuck(f, pod, "the node does not exist"))
		case node != nil && !node.Ready:
			j.Find(stuck(f, pod, "the node is not ready: its kubelet is silent"))
		case overdue:
			j.Find(stuck(f, pod, "it should have ended "+human.Duration(f.Now.Sub(pod.Deadline))+" ago"))
		case node == nil && !pod.Ready && pod.Node != "":
			gap, _ := f.Missing(facts.Nodes)
			j.Unproven(pod.Name+" is not ready, and whether its node is there is not known: "+gap.Reason, gap.Proof)
		default:
			j.Good()
		}
	}
	return j.Result()
}

func stuck(f *check.Case, pod facts.Pod, why string) check.Finding {
	state := string(pod.StateAt(f.Now))
	return check.Finding{
		Message: fmt.Sprintf("%s is stuck on node %s: %s", pod.Name, pod.Node, why), Subject: about(f, pod.Name),
		Observed: "pod " + state + ", " + why, Expected: "a pod on a node that answers",
		Remedy: fmt.Sprintf("If the node is really off, and only then:\nkubectl -n %s delete pod %s --force --grace-period=0", f.Running.Release.Namespace, pod.Name),
	}
}
