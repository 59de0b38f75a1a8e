package workload

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// spreadChecks judge whether something keeps the replicas on different nodes.
func spreadChecks() []check.Check {
	return []check.Check{{
		ID: "spread", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
		Title:   "an anti-affinity or a topology spread is about the replicas",
		Why:     "Replicas that share a node are lost together with it. A rule whose selector matches other labels than the pods have does nothing. What a lost node takes with it comes back by itself in a Deployment; in a StatefulSet it waits until the Node object is deleted, as cloud platforms do when the machine is gone, or has the taint node.kubernetes.io/out-of-service. Choose the kind of workload by what your platform does.",
		Example: "the anti-affinity selects app.kubernetes.io/instance=coder, but the release is named prod",
		Remedy:  "Give the pods a podAntiAffinity or topologySpreadConstraints whose labelSelector matches their own labels.",
		Judge:   judgeLoss,
	}}
}

// ofALostNode is what decides between the two kinds of workload. The input does not
// say what the platform does with a lost node, so it is no finding.
const ofALostNode = "on a lost node, Kubernetes replaces a replica of a StatefulSet only once the Node object is deleted, as most clouds do, or tainted out-of-service; a Deployment's without that"

// judgeLoss says beside a pass what becomes of the replica of a lost node.
func judgeLoss(c *check.Case) check.Result {
	result := judgment.BetweenReplicas(judgeSpread)(c)
	stateful := func(w deployment.Workload) bool { return w.Kind == "StatefulSet" }
	if len(result.Findings) == 0 && result.Skip == nil && slices.ContainsFunc(c.Deployment.Workloads, stateful) {
		result.Note = ofALostNode
	}
	return result
}

func judgeSpread(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	w := d.Workloads[r.Workload]
	switch {
	case w.Pod == nil:
		j.Skip("the replicas are no pods")
	case w.Kind == "DaemonSet":
		j.Skip("a DaemonSet runs one pod on a node")
	case w.Replicas < 2:
		j.Skip(judgment.OneReplica)
	case w.Pod.HasHostPort():
		j.Good()
	case slices.ContainsFunc(w.Pod.Spread, func(rule deployment.SpreadRule) bool { return rule.Concerns(w.Namespace, r.Labels) }):
		j.Good()
	case len(w.Pod.Spread) == 0:
		j.Find(check.Finding{
			Severity: check.Info,
			Message:  "nothing in the pods asks for different nodes: only the scheduler's own defaults spread the replicas",
			Subject:  judgment.Container(d, r), Observed: "neither podAntiAffinity nor topologySpreadConstraints", Expected: "one whose labelSelector matches the pods",
		})
	default:
		rule := w.Pod.Spread[0]
		j.Find(check.Finding{
			Message: "no rule that is to keep replicas apart is about them: " + rule.Field + " selects " + selected(rule),
			Subject: judgment.Container(d, r), Observed: selected(rule), Expected: "labels that the pods have: " + labels(w.Pod.Labels),
		})
	}
}

// selected says what a rule is about.
func selected(rule deployment.SpreadRule) string {
	switch {
	case rule.Selector == nil:
		return "no pods, as it has no labelSelector"
	case rule.Selector.Invalid:
		return "no pods, as the API server refuses its labelSelector"
	}
	var parts []string
	for _, r := range rule.Selector.Requirements {
		switch {
		case r.Operator == deployment.In && len(r.Values) == 1:
			parts = append(parts, r.Key+"="+r.Values[0])
		case len(r.Values) > 0:
			parts = append(parts, fmt.Sprintf("%s %s (%s)", r.Key, r.Operator, strings.Join(r.Values, ", ")))
		default:
			parts = append(parts, r.Key+" "+r.Operator)
		}
	}
	text := strings.Join(parts, ", ")
	if len(rule.Namespaces) > 0 {
		text += " in namespace " + strings.Join(rule.Namespaces, ", ")
	}
	return text
}

func labels(all map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, key+"="+all[key])
	}
	return strings.Join(parts, ", ")
}
