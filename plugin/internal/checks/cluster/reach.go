package cluster

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// reachChecks judge whether running replicas can be reached for pubsub.
func reachChecks() []check.Check {
	return []check.Check{{
		ID: "cluster-port-unreachable", Area: area, Severity: check.Error, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Mesh},
		Title:   "port 6222 of each replica accepts connections",
		Why:     "Replicas exchange their events over TCP port 6222: a replica that the others cannot reach there does not hear of changes.",
		Example: "connection refused at 10.0.0.2:6222",
		Remedy:  "Check that coderd runs on that host with its cluster host as an address of the host, and that a firewall lets the other hosts through to TCP port 6222.",
		Judge:   judgeReach,
	}}
}

func judgeReach(f *check.Case) check.Result {
	reached, from := 0, facts.ThisMachine
	result := judgment.EachLink(f, func(j *judgment.Judgment, r deployment.Replica, link *facts.Link) {
		withNATS(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
			switch {
			case link == nil:
				j.NotAsked(f, r, facts.ClusterAddress)
			case link.Cluster == nil && f.Trial.Why(r.Name, facts.ClusterAddress) != nil:
				j.NotAsked(f, r, facts.ClusterAddress)
			case link.Cluster == nil:
				notDialed(j, r)
			case deployment.Loopback(normalIP(r.EffectiveClusterHost().Text)):
				// What answered is not the host, but the machine that asked.
				j.See("cluster-host-shared")
			case link.Cluster.Failure != nil && !d.Version.Known():
				j.Unproven("port 6222 of "+r.Name+" does not answer, and only some versions of Coder listen there", "set --coder-version")
			default:
				s := judgment.Of(d, r, r.EffectiveClusterHost())
				s.Replica = r.Name
				if j.ReachBetweenPods(f, *link, r, coder.NATSPort, "port 6222 of "+r.Name, *link.Cluster, check.Finding{Subject: s, Expected: "a connection within 3 s", Remedy: podRemedy(f)}) {
					reached, from = reached+1, link.From
				}
			}
		})(j, f.Deployment, r)
	})
	return judgment.Noted(result, judgment.ReachedNote(f, reached, from))
}

// podRemedy is what to do where pods do not reach each other; empty where the
// replicas are no pods.
func podRemedy(f *check.Case) string {
	if f.Trial == nil {
		return ""
	}
	return "Let the pods reach each other on TCP port 6222: look at the NetworkPolicies, the service mesh and the firewall between the nodes."
}

// notDialed says why the port of a replica was not dialed.
func notDialed(j *judgment.Judgment, r deployment.Replica) {
	if host := r.EffectiveClusterHost(); host.State == deployment.Unknown {
		j.Unknown(coder.ClusterHost, host)
		return
	}
	j.See("cluster-host-missing")
}
