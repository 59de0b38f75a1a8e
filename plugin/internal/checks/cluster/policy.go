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
)

// judgePolicies evaluates the policies that select a replica. Where the other
// end is only a name, a rule that could allow it counts as allowing it.
func judgePolicies(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	if pod := d.Workloads[r.Workload].Pod; pod != nil && pod.HostNetwork {
		j.Skip("NetworkPolicies do not apply to pods on the host's network")
		return
	}
	var ingress, egress []deployment.Policy
	for _, p := range d.Policies {
		if p.Namespace != d.Workloads[r.Workload].Namespace || !p.Pods.Matches(r.Labels) {
			continue
		}
		if p.RestrictsIngress {
			ingress = append(ingress, p)
		}
		if p.RestrictsEgress {
			egress = append(egress, p)
		}
	}
	if len(ingress)+len(egress) == 0 {
		j.Skip("no NetworkPolicy selects the coderd pods")
		return
	}
	j.Good()
	between := replicaNeeds(d, r)
	if len(ingress) > 0 {
		reportBlocked(j, d, r, ingress, "from other replicas", between, func(p deployment.Policy, n policies.Need) bool {
			return slices.ContainsFunc(p.Ingress, func(rule deployment.PolicyRule) bool { return policies.Allows(d, r, n, rule) })
		})
	}
	if len(egress) > 0 {
		reportBlocked(j, d, r, egress, "to", append(between, outsideNeeds(d, r)...), func(p deployment.Policy, n policies.Need) bool {
			return slices.ContainsFunc(p.Egress, func(rule deployment.PolicyRule) bool { return policies.Allows(d, r, n, rule) })
		})
	}
}

func reportBlocked(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, selecting []deployment.Policy, way string, needs []policies.Need, allowed func(deployment.Policy, policies.Need) bool) {
	for _, n := range needs {
		if slices.ContainsFunc(selecting, func(p deployment.Policy) bool {
			return allowed(p, n) || n.Or != nil && allowed(p, *n.Or)
		}) {
			continue
		}
		if n.Versioned {
			j.Unproven(someVersions, sayVersion)
			continue
		}
		var names []string
		for _, p := range selecting {
			names = append(names, p.Name)
		}
		what := way + " " + n.What
		if n.Peer && way != "to" {
			what = "to " + n.What + " " + way
		}
		s := judgment.Subject(selecting[0].Origin)
		j.Find(check.Finding{
			Message: "no NetworkPolicy allows traffic " + what, Subject: s,
			Observed: fmt.Sprintf("NetworkPolicy %s selects %s and allows no %s %s", strings.Join(names, ", "), d.Workloads[r.Workload].Name, n.Protocol, portText(n.Port)),
			Expected: fmt.Sprintf("%s %s allowed", n.Protocol, portText(n.Port)),
		})
	}
}

func portText(port int) string {
	if port == 0 {
		return "port of Postgres"
	}
	return fmt.Sprint("port ", port)
}

// replicaNeeds is what replicas need of each other.
func replicaNeeds(d *deployment.Deployment, r deployment.Replica) []policies.Need {
	if !d.Several() {
		return nil
	}
	var needs []policies.Need
	relayURL := r.Env(coder.RelayURL)
	if e, err := deployment.ParseEndpoint(relayURL.Text); err == nil && relayURL.Set() && r.EmbeddedRelay() {
		port := d.DialedPorts(r, e)[0]
		needs = append(needs, policies.Need{What: "the relay port of replicas", Port: port, Protocol: policies.TCP, Peer: true})
	}
	if on, _ := d.NATS(r); on {
		needs = append(needs, policies.Need{What: "the pubsub port of replicas", Port: coder.NATSPort, Protocol: policies.TCP, Peer: true, Versioned: d.NATSDependsOnVersion(r)})
	}
	return needs
}

// outsideNeeds is what a replica needs of the rest of the world.
func outsideNeeds(d *deployment.Deployment, r deployment.Replica) []policies.Need {
	// OpenShift's DNS pods listen on 5353, and its policies are written for pods.
	elsewhere := d.Workloads[r.Workload].Namespace != "kube-system"
	needs := []policies.Need{{
		What: "DNS", Port: 53, Protocol: policies.UDP, Elsewhere: elsewhere,
		Or: &policies.Need{Port: 5353, Protocol: policies.UDP, Elsewhere: elsewhere},
	}}
	own := d.Workloads[r.Workload].Namespace
	if database, needed := databaseNeed(r); needed {
		needs = append(needs, database.InNamespaceOf(own))
	}
	e, err := deployment.ParseEndpoint(r.Env(coder.AccessURL).Text)
	if err != nil || deployment.Loopback(e.Host) {
		return needs
	}
	access := policies.Need{What: "the access URL", Port: e.Port, Protocol: policies.TCP, Host: string(e.Host)}.InNamespaceOf(own)
	for _, s := range d.Services {
		// Traffic to a Service is judged where it arrives, at a pod's own port:
		// a rule for the Service's port does not help.
		if !s.Serves(e.Host) {
			continue
		}
		if port, ok := s.Target(e.Port, d.Workloads[r.Workload].Pod); ok {
			access.Port, access.Peer = port, true
		}
	}
	return append(needs, access)
}

// databaseNeed is the way to Postgres; there is none to a database, or to a
// proxy in the pod, that the replica reaches on its own machine.
func databaseNeed(r deployment.Replica) (database policies.Need, needed bool) {
	database = policies.Need{What: "Postgres", Protocol: policies.TCP}
	value := r.Env(coder.PostgresURL)
	if !value.Set() {
		return database, !value.Unset()
	}
	if u := r.Database; u != nil && u.Problem == nil {
		database.Port, database.Host = u.Host().Port, u.Host().Name
		return database, !u.Local()
	}
	return database, true
}
