package policies

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// Allows says whether a rule lets a need through.
func Allows(d *deployment.Deployment, r deployment.Replica, n Need, rule deployment.PolicyRule) bool {
	if !slices.ContainsFunc(rule.Ports, func(p deployment.PolicyPort) bool { return portAllows(d, r, p, n) }) && len(rule.Ports) > 0 {
		return false
	}
	if len(rule.Peers) == 0 {
		return true
	}
	return slices.ContainsFunc(rule.Peers, func(p deployment.PolicyPeer) bool {
		if n.Peer {
			return peerSelects(d, r, p)
		}
		return peerReaches(r, d.Workloads[r.Workload].Namespace, p, n)
	})
}

func portAllows(d *deployment.Deployment, r deployment.Replica, p deployment.PolicyPort, n Need) bool {
	if p.Protocol != n.Protocol {
		return false
	}
	if p.Port == 0 && p.Name == "" {
		return true
	}
	from := p.Port
	if p.Name != "" {
		from = d.Workloads[r.Workload].Pod.PortNamed(p.Name)
		if !n.Peer && from == 0 {
			// The name is one of the other pod, which is not known here.
			return true
		}
	}
	to := from
	if p.EndPort != 0 {
		to = p.EndPort
	}
	if n.Port == 0 {
		return couldBePostgres(r, from, to)
	}
	return from <= n.Port && n.Port <= to
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
