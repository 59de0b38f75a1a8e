package checks

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// need is a way that a replica's traffic must be able to go.
type need struct {
	what     string
	port     int
	protocol corev1.Protocol
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
}

// judgePolicies evaluates the policies that select a replica. Where the other
// end is only a name, a rule that could allow it counts as allowing it.
func judgePolicies(j *judgement, d *deployment.Deployment, r deployment.Replica) {
	var ingress, egress []deployment.Policy
	for _, p := range d.Policies {
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil || p.Namespace != d.Workloads[r.Workload].Namespace || !selector.Matches(labels.Set(r.Labels)) {
			continue
		}
		if directs(p, networkingv1.PolicyTypeIngress) {
			ingress = append(ingress, p)
		}
		if directs(p, networkingv1.PolicyTypeEgress) {
			egress = append(egress, p)
		}
	}
	if len(ingress)+len(egress) == 0 {
		j.skip("no NetworkPolicy selects the coderd pods")
		return
	}
	j.good()
	between := replicaNeeds(d, r)
	if len(ingress) > 0 {
		reportBlocked(j, d, r, ingress, "from other replicas", between, func(p deployment.Policy, n need) bool {
			return slices.ContainsFunc(p.Spec.Ingress, func(rule networkingv1.NetworkPolicyIngressRule) bool {
				return allows(d, r, n, rule.Ports, rule.From)
			})
		})
	}
	if len(egress) > 0 {
		reportBlocked(j, d, r, egress, "to", append(between, outsideNeeds(d, r)...), func(p deployment.Policy, n need) bool {
			return slices.ContainsFunc(p.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool {
				return allows(d, r, n, rule.Ports, rule.To)
			})
		})
	}
}

func reportBlocked(j *judgement, d *deployment.Deployment, r deployment.Replica, policies []deployment.Policy, way string, needs []need, allowed func(deployment.Policy, need) bool) {
	for _, n := range needs {
		if slices.ContainsFunc(policies, func(p deployment.Policy) bool {
			return allowed(p, n) || n.or != nil && allowed(p, *n.or)
		}) {
			continue
		}
		var names []string
		for _, p := range policies {
			names = append(names, p.Name)
		}
		what := way + " " + n.what
		if n.peer && way != "to" {
			what = n.what + " " + way
		}
		s := subject(policies[0].Origin)
		j.find(check.Finding{
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

// directs says whether a policy restricts a direction: it names it, or by
// default restricts ingress, and egress if it has egress rules.
func directs(p deployment.Policy, direction networkingv1.PolicyType) bool {
	if len(p.Spec.PolicyTypes) > 0 {
		return slices.Contains(p.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(p.Spec.Egress) > 0
}

// replicaNeeds is what replicas need of each other.
func replicaNeeds(d *deployment.Deployment, r deployment.Replica) []need {
	if !d.Several() {
		return nil
	}
	var needs []need
	relayURL := r.Env(coder.RelayURL)
	if e, err := deployment.ParseEndpoint(relayURL.Text); err == nil && relayURL.Set() && r.EmbeddedRelay() {
		port := containerPorts(relay{d: d, replica: r, value: relayURL, endpoint: e})[0]
		needs = append(needs, need{what: "the relay port of replicas", port: port, protocol: corev1.ProtocolTCP, peer: true})
	}
	if on, _ := d.NATS(r); on {
		needs = append(needs, need{what: "the pubsub port of replicas", port: coder.NATSPort, protocol: corev1.ProtocolTCP, peer: true})
	}
	return needs
}

// outsideNeeds is what a replica needs of the rest of the world.
func outsideNeeds(d *deployment.Deployment, r deployment.Replica) []need {
	// OpenShift's DNS pods listen on 5353, and its policies are written for pods.
	elsewhere := d.Workloads[r.Workload].Namespace != metav1.NamespaceSystem
	needs := []need{{
		what: "DNS", port: 53, protocol: corev1.ProtocolUDP, elsewhere: elsewhere,
		or: &need{port: 5353, protocol: corev1.ProtocolUDP, elsewhere: elsewhere},
	}}
	own := d.Workloads[r.Workload].Namespace
	if database, needed := databaseNeed(r); needed {
		needs = append(needs, database.inNamespaceOf(own))
	}
	e, err := deployment.ParseEndpoint(r.Env(coder.AccessURL).Text)
	if err != nil || deployment.Loopback(e.Host) {
		return needs
	}
	access := need{what: "the access URL", port: e.Port, protocol: corev1.ProtocolTCP, host: string(e.Host)}.inNamespaceOf(own)
	for _, s := range d.Services {
		// Traffic to a Service is judged where it arrives, at a pod's own port:
		// a rule for the Service's port does not help.
		if hostOf(s, e.Host) {
			for _, p := range s.Spec.Ports {
				if int(p.Port) == e.Port {
					port := targetPort(d.Workloads[r.Workload], p.TargetPort, e.Port)
					access.port, access.peer = port, true
				}
			}
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
	database = need{what: "Postgres", protocol: corev1.ProtocolTCP}
	value := r.Env(coder.PostgresURL)
	if !value.Set() {
		return database, !value.Unset()
	}
	if u, err := pgurl.Parse(value.Text.Plain()); err == nil {
		database.port, database.host = u.Host().Port, u.Host().Name
		return database, !u.Local()
	}
	return database, true
}

// allows says whether a rule lets a need through.
func allows(d *deployment.Deployment, r deployment.Replica, n need, ports []networkingv1.NetworkPolicyPort, peers []networkingv1.NetworkPolicyPeer) bool {
	if !slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool { return portAllows(d, r, p, n) }) && len(ports) > 0 {
		return false
	}
	if len(peers) == 0 {
		return true
	}
	return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if n.peer {
			return peerSelects(d, r, p)
		}
		return peerReaches(r, p, n)
	})
}

func portAllows(d *deployment.Deployment, r deployment.Replica, p networkingv1.NetworkPolicyPort, n need) bool {
	protocol := corev1.ProtocolTCP
	if p.Protocol != nil {
		protocol = *p.Protocol
	}
	if protocol != n.protocol {
		return false
	}
	if p.Port == nil {
		return true
	}
	from := p.Port.IntValue()
	if p.Port.Type == intstr.String {
		from = targetPort(d.Workloads[r.Workload], *p.Port, 0)
		if !n.peer && from == 0 {
			// The name is one of the other pod, which is not known here.
			return true
		}
	}
	to := from
	if p.EndPort != nil {
		to = int(*p.EndPort)
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
