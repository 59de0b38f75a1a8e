package judgment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment/policies"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// ReachBetweenPods is ReachFromPods for a port of another replica. Where there was no
// answer, it says what the NetworkPolicies that are in the cluster have to do with that.
func (j *Judgment) ReachBetweenPods(c *check.Case, link facts.Link, to deployment.Replica, port int, what string, a facts.Answer, finding check.Finding) (reached bool) {
	from, known := Peer(c, link.From)
	if a.Failure == nil || c.Trial == nil || !c.Trial.PoliciesRead || !known || from.Workload != to.Workload {
		return j.ReachFromPods(c, link.From, what, a, finding)
	}
	live := c.Trial.Policies
	blocking := policies.Blocking(c.Deployment, from, to, port, live)
	silent := a.Failure.Cause == facts.Timeout || a.Failure.Cause == facts.Unreachable
	switch {
	case len(blocking) > 0 && (silent || a.Failure.Cause == facts.Refused):
		named := fmt.Sprintf("NetworkPolicy %s in the cluster", strings.Join(blocking, ", "))
		if PoliciesPending(c) && len(policies.Blocking(c.Deployment, from, to, port, slices.Concat(live, c.Deployment.Policies))) == 0 {
			j.Unproven(fmt.Sprintf("%s: %s, from %s, as %s forbids until those of the input are there", what, a.Failure.Message, link.From, named), "apply them, or run it again after the install")
			return false
		}
		finding.Remedy = fmt.Sprintf("Allow TCP port %d between the pods in a NetworkPolicy: %s selects them, and lets only other traffic through.", port, named)
		return j.Reach(link.From, what, explained(a, "which "+named+" forbids"), finding)
	case silent && (!PoliciesPending(c) || !policies.Selects(c.Deployment, to, live)):
		finding.Remedy = fmt.Sprintf("Let TCP port %d through between the pods. No NetworkPolicy forbids it: look at policies of other kinds (of Cilium, Calico or the administrator), at the service mesh, and at firewalls between the nodes.", port)
		return j.Reach(link.From, what, explained(a, "and no NetworkPolicy in the cluster forbids it"), finding)
	default:
		return j.ReachFromPods(c, link.From, what, a, finding)
	}
}

// explained is a failed answer with a clause behind what was wrong.
func explained(a facts.Answer, clause string) facts.Answer {
	failure := *a.Failure
	failure.Message += ", " + clause
	a.Failure = &failure
	return a
}

// Peer is the replica of a position; known is false where there is none.
func Peer(c *check.Case, at facts.Position) (r deployment.Replica, known bool) {
	for _, one := range c.Deployment.Replicas {
		if one.Name == string(at) {
			return one, true
		}
	}
	return r, false
}
