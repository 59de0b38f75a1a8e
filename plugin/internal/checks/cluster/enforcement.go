package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment/policies"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// enforcementChecks judge whether the cluster does what its NetworkPolicies say.
func enforcementChecks() []check.Check {
	return []check.Check{{
		ID: "network-policy-unenforced", Area: area, Severity: check.Warning, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Mesh},
		Title:   "what a NetworkPolicy in the cluster forbids between the pods does not answer",
		Why:     "Kubernetes leaves it to the network plugin to enforce NetworkPolicies, and some plugins do not. Then they keep nobody out, and one that forbids what replicas need breaks them on the day on which it is enforced. Policies of other kinds, such as those of Cilium, Calico or the administrator, can allow what a NetworkPolicy forbids; they are not read.",
		Example: "a NetworkPolicy allows only TCP port 8080 to the coderd pods, and port 6222 answers",
		Remedy:  "Allow what replicas need of each other in a NetworkPolicy. If no policy of another kind allows it, use a network plugin that enforces NetworkPolicies.",
		Judge:   judgeEnforcement,
	}}
}

func judgeEnforcement(f *check.Case) check.Result {
	gap, missing := f.Missing(facts.Mesh)
	switch {
	case !f.Deployment.Several():
		return check.NotApplicable(judgment.OneReplica)
	case missing:
		return check.Missing(gap)
	case f.Trial == nil:
		return check.NotApplicable("NetworkPolicies are not for hosts")
	case !f.Trial.PoliciesRead:
		return check.Unproven(f.Trial.PoliciesUnread, "grant that right, see docs/rbac.yaml")
	}
	silent, open, unclear := 0, 0, ""
	var first check.Finding
	for _, link := range f.Mesh {
		for _, way := range waysOf(link) {
			blocking := forbids(f, link, way)
			if len(blocking) == 0 {
				continue
			}
			switch failure := way.answer.Failure; {
			case failure != nil && failure.Cause.NoConnection():
				silent++
				continue
			case failure != nil:
				unclear = fmt.Sprintf("TCP port %d of %s: %s, from %s", way.port, link.To, failure.Message, link.From)
				continue
			}
			if open++; open == 1 {
				names := strings.Join(blocking, ", ")
				first = check.Finding{
					Message: fmt.Sprintf("NetworkPolicy %s forbids TCP port %d between the pods, and yet it answers, from %s to %s", names, way.port, link.From, link.To),
					Subject: check.Subject{Kind: "NetworkPolicy", Namespace: f.Deployment.Workloads[0].Namespace, Name: blocking[0]}, Expected: "no answer",
				}
			}
		}
	}
	switch {
	case open > 0:
		first.Observed = fmt.Sprintf("%d of %s that NetworkPolicies forbid answer", open, human.Count(silent+open, "way"))
		return check.Fail(first)
	case unclear != "":
		return check.Unproven("a NetworkPolicy forbids a way that was tried, and what came back does not tell whether it is open: "+unclear, "mend that, and run it again")
	case silent == 0:
		return check.NotApplicable("no NetworkPolicy in the cluster forbids what the pods asked of each other")
	}
	return check.PassNote(human.Count(silent, "way"))
}

// way is a port of a replica that was asked, by the variable that leads to it.
type way struct {
	variable string
	port     int
	answer   *facts.Answer
}

func waysOf(l facts.Link) []way {
	var ways []way
	if l.Relay != nil {
		if e, err := deployment.ParseEndpoint(deployment.Text(l.Relay.Target)); err == nil {
			ways = append(ways, way{coder.RelayURL, e.Port, l.Relay})
		}
	}
	if l.Cluster != nil {
		ways = append(ways, way{coder.ClusterHost, coder.NATSPort, l.Cluster})
	}
	return ways
}

// forbids are the NetworkPolicies that a way ends at. A mesh carries traffic on ports of
// its own, and a node leads its own ports to others of the pod, so nothing is said of
// these.
func forbids(f *check.Case, l facts.Link, way way) []string {
	from, known := judgment.Peer(f, l.From)
	to, alsoKnown := judgment.Peer(f, facts.Position(l.To))
	if !known || !alsoKnown || f.Deployment.Workloads[to.Workload].Mesh() != deployment.NoMesh || to.Env(way.variable).Text.HasField(deployment.FieldHostIP) {
		return nil
	}
	return policies.Blocking(inTheCluster(f.Deployment), from, to, way.port, f.Trial.Policies)
}

// inTheCluster is a deployment in namespaces that may have any labels: others than the
// input give them, too.
func inTheCluster(d *deployment.Deployment) *deployment.Deployment {
	out := *d
	out.Workloads = slices.Clone(d.Workloads)
	for i := range out.Workloads {
		out.Workloads[i].NamespaceLabels = nil
	}
	return &out
}
