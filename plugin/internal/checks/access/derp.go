package access

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// judgeDERPUpgrade looks at the proxies of Istio that clients and agents pass, and
// at the sidecars that replicas pass to each other.
func judgeDERPUpgrade(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	if !r.EmbeddedRelay() {
		j.Skip("the embedded relay is off")
		return
	}
	force, known := r.Env(coder.DERPForceWebsockets).Bool(false)
	gateways := func(f deployment.EnvoyFilter) bool { return f.Gateways }
	seen := false
	for _, f := range d.Frontends {
		if f.Istio == nil {
			continue
		}
		seen = true
		judgeUpgrade(j, d, upgrade{
			proxies: *f.Istio, filters: gateways, at: judgment.Subject(f.Origin), websockets: force, known: known, r: r,
			where: f.Origin.Kind + " " + f.Origin.Name,
		})
	}
	w := d.Workloads[r.Workload]
	if tls, told := r.TLS(); w.Mesh() == deployment.Istio && w.Inbound(relayPort(d, r)) == deployment.Intercepted && (!told || !tls) {
		seen = true
		peers := d.Several() && r.Env(coder.RelayURL).Set()
		at := judgment.Container(d, r)
		at.Container = ""
		judgeUpgrade(j, d, upgrade{
			proxies: deployment.Proxies{Namespace: w.Namespace, Labels: r.Labels}, filters: func(f deployment.EnvoyFilter) bool { return f.Sidecars },
			at: at, websockets: force && !peers, known: known || peers, r: r, where: "the sidecars", peers: peers,
		})
	}
	if !seen {
		j.Skip("no Istio proxy is in front of the replicas")
	}
}

// relayPort is the port of a replica that DERP arrives at.
func relayPort(d *deployment.Deployment, r deployment.Replica) int {
	if e, err := deployment.ParseEndpoint(r.Env(coder.RelayURL).Text); err == nil && r.Env(coder.RelayURL).Set() {
		return d.DialedPorts(r, e)[0]
	}
	_, port, _ := deployment.SplitAddress(r.Address(coder.HTTPAddress).Text)
	return port
}

// upgrade is a way of DERP through proxies of Istio.
type upgrade struct {
	proxies deployment.Proxies
	// filters says which EnvoyFilters are for proxies of this kind.
	filters func(deployment.EnvoyFilter) bool
	// websockets says that whoever takes this way does without the upgrade, and
	// known that this is known.
	websockets, known bool
	// peers says that replicas take it.
	peers bool
	r     deployment.Replica
	at    check.Subject
	where string
}

func judgeUpgrade(j *judgment.Judgment, d *deployment.Deployment, u upgrade) {
	best := deployment.Misses
	var miss *deployment.EnvoyFilter
	for _, f := range d.DERPFilters {
		if !u.filters(f) {
			continue
		}
		miss = &f
		best = max(best, f.Covers(u.proxies))
	}
	finding := check.Finding{
		Message: "Istio does not allow the DERP upgrade through " + u.where, Subject: u.at,
		Observed: "no EnvoyFilter with upgrade_type: derp, and " + coder.DERPForceWebsockets + " is not true", Expected: "one of them",
	}
	if u.peers {
		finding.Message = "Istio does not allow the DERP upgrade between replicas"
		finding.Observed, finding.Expected = "no EnvoyFilter with upgrade_type: derp", "one that acts on the sidecars"
		finding.Remedy = "Add an EnvoyFilter with upgrade_type: derp in namespace " + u.proxies.Namespace + " or in the root namespace of the mesh (" + deployment.IstioRoot + "). Replicas use the upgrade also with " + coder.DERPForceWebsockets + "=true."
	}
	if miss != nil {
		finding.Observed = fmt.Sprintf("EnvoyFilter %s/%s, which does not act on these proxies", miss.Origin.Namespace, miss.Origin.Name)
	}
	switch {
	case best == deployment.Covers || u.websockets:
		j.Good()
	case !u.known:
		j.Unknown(coder.DERPForceWebsockets, u.r.Env(coder.DERPForceWebsockets))
	case best == deployment.MayCover:
		j.Unknown(u.where, deployment.Value{
			Why:   fmt.Sprintf("the input does not say in which namespace its proxies run, and EnvoyFilter %s acts in %s", miss.Origin.Name, miss.Namespace),
			Proof: "give the workload of the Istio gateway too, with --manifest",
		})
	default:
		j.Find(finding)
	}
}
