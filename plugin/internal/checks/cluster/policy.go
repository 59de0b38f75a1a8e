package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// The protocols of a need.
const (
	tcp = "TCP"
	udp = "UDP"
)

// need is a way that a replica's traffic must be able to go.
type need struct {
	what     string
	port     int
	protocol string
	// peer says whether the other end is another replica; else it is host, as
	// far as that is an address.
	peer bool
	host string
	// elsewhere says that the other end runs in a namespace of its own;
	// namespace is its name, where that is known.
	elsewhere bool
	namespace string
	// or is another way that serves as well.
	or *need
	// versioned says that only some versions of Coder need it, and which one runs is
	// not known.
	versioned bool
}

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
		reportBlocked(j, d, r, ingress, "from other replicas", between, func(p deployment.Policy, n need) bool {
			return slices.ContainsFunc(p.Ingress, func(rule deployment.PolicyRule) bool { return allows(d, r, n, rule) })
		})
	}
	if len(egress) > 0 {
		reportBlocked(j, d, r, egress, "to", append(between, outsideNeeds(d, r)...), func(p deployment.Policy, n need) bool {
			return slices.ContainsFunc(p.Egress, func(rule deployment.PolicyRule) bool { return allows(d, r, n, rule) })
		})
	}
}

func reportBlocked(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, policies []deployment.Policy, way string, needs []need, allowed func(deployment.Policy, need) bool) {
	for _, n := range needs {
		if slices.ContainsFunc(policies, func(p deployment.Policy) bool {
			return allowed(p, n) || n.or != nil && allowed(p, *n.or)
		}) {
			continue
		}
		if n.versioned {
			j.Unproven(someVersions, sayVersion)
			continue
		}
		var names []string
		for _, p := range policies {
			names = append(names, p.Name)
		}
		what := way + " " + n.what
		if n.peer && way != "to" {
			what = "to " + n.what + " " + way
		}
		s := judgment.Subject(policies[0].Origin)
		j.Find(check.Finding{
			Message: "no NetworkPolicy allows traffic " + what, Subject: s,
			Observed: fmt.Sprintf("NetworkPolicy %s selects %s and allows no %s %s", strings.Join(names, ", "), d.Workloads[r.Workload].Name, n.protocol, portText(n.port)),
			Expected: fmt.Sprintf("%s %s allowed", n.protocol, portText(n.port)),
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
func replicaNeeds(d *deployment.Deployment, r deployment.Replica) []need {
	if !d.Several() {
		return nil
	}
	var needs []need
	relayURL := r.Env(coder.RelayURL)
	if e, err := deployment.ParseEndpoint(relayURL.Text); err == nil && relayURL.Set() && r.EmbeddedRelay() {
		port := d.DialedPorts(r, e)[0]
		needs = append(needs, need{what: "the relay port of replicas", port: port, protocol: tcp, peer: true})
	}
	if on, _ := d.NATS(r); on {
		needs = append(needs, need{what: "the pubsub port of replicas", port: coder.NATSPort, protocol: tcp, peer: true, versioned: d.NATSDependsOnVersion(r)})
	}
	return needs
}

// outsideNeeds is what a replica needs of the rest of the world.
func outsideNeeds(d *deployment.Deployment, r deployment.Replica) []need {
	// OpenShift's DNS pods listen on 5353, and its policies are written for pods.
	elsewhere := d.Workloads[r.Workload].Namespace != "kube-system"
	needs := []need{{
		what: "DNS", port: 53, protocol: udp, elsewhere: elsewhere,
		or: &need{port: 5353, protocol: udp, elsewhere: elsewhere},
	}}
	own := d.Workloads[r.Workload].Namespace
	if database, needed := databaseNeed(r); needed {
		needs = append(needs, database.inNamespaceOf(own))
	}
	e, err := deployment.ParseEndpoint(r.Env(coder.AccessURL).Text)
	if err != nil || deployment.Loopback(e.Host) {
		return needs
	}
	access := need{what: "the access URL", port: e.Port, protocol: tcp, host: string(e.Host)}.inNamespaceOf(own)
	for _, s := range d.Services {
		// Traffic to a Service is judged where it arrives, at a pod's own port:
		// a rule for the Service's port does not help.
		if !s.Serves(e.Host) {
			continue
		}
		if port, ok := s.Target(e.Port, d.Workloads[r.Workload].Pod); ok {
			access.port, access.peer = port, true
		}
	}
	return append(needs, access)
}

// inNamespaceOf adds the namespace of the other end, seen from the replicas' own
// namespace, where its host is the name of a Service (NAME.NAMESPACE.svc…).
func (n need) inNamespaceOf(own string) need {
	if parts := strings.Split(strings.ToLower(n.host), "."); len(parts) > 2 && parts[2] == "svc" {
		n.namespace, n.elsewhere = parts[1], parts[1] != own
	}
	return n
}

// databaseNeed is the way to Postgres; there is none to a database, or to a
// proxy in the pod, that the replica reaches on its own machine.
func databaseNeed(r deployment.Replica) (database need, needed bool) {
	database = need{what: "Postgres", protocol: tcp}
	value := r.Env(coder.PostgresURL)
	if !value.Set() {
		return database, !value.Unset()
	}
	if u := r.Database; u != nil && u.Problem == nil {
		database.port, database.host = u.Host().Port, u.Host().Name
		return database, !u.Local()
	}
	return database, true
}

// allows says whether a rule lets a need through.
func allows(d *deployment.Deployment, r deployment.Replica, n need, rule deployment.PolicyRule) bool {
	if !slices.ContainsFunc(rule.Ports, func(p deployment.PolicyPort) bool { return portAllows(d, r, p, n) }) && len(rule.Ports) > 0 {
		return false
	}
	if len(rule.Peers) == 0 {
		return true
	}
	return slices.ContainsFunc(rule.Peers, func(p deployment.PolicyPeer) bool {
		if n.peer {
			return peerSelects(d, r, p)
		}
		return peerReaches(r, d.Workloads[r.Workload].Namespace, p, n)
	})
}

func portAllows(d *deployment.Deployment, r deployment.Replica, p deployment.PolicyPort, n need) bool {
	if p.Protocol != n.protocol {
		return false
	}
	if p.Port == 0 && p.Name == "" {
		return true
	}
	from := p.Port
	if p.Name != "" {
		from = d.Workloads[r.Workload].Pod.PortNamed(p.Name)
		if !n.peer && from == 0 {
			// The name is one of the other pod, which is not known here.
			return true
		}
	}
	to := from
	if p.EndPort != 0 {
		to = p.EndPort
	}
	if n.port == 0 {
		return couldBePostgres(r, from, to)
	}
	return from <= n.port && n.port <= to
}

// couldBePostgres says of a rule whether its ports may be meant for a database
// whose port is not known: they are not those of the other needs.
func couldBePostgres(r deployment.Replica, from, to int) bool {
	known := []int{53, 80, 443, coder.NATSPort}
	for _, variable := range []string{coder.HTTPAddress, coder.TLSAddress} {
		if _, port, ok := deployment.SplitAddress(r.Address(variable).Text); ok {
			known = append(known, port)
		}
	}
	return from != to || !slices.Contains(known, from)
}
