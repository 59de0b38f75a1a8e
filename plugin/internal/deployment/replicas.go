package deployment

import (
	"cmp"
	"net"
	"slices"
	"strconv"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// Several says whether more than one replica runs.
func (d *Deployment) Several() bool {
	n := 0
	for _, w := range d.Workloads {
		n += w.Replicas
	}
	return n > 1
}

// LikelyIPv6 says whether the pods are to be wired for IPv6, for advice: a verdict
// rests on PodIPFamily alone.
func (d *Deployment) LikelyIPv6() bool { return cmp.Or(d.PodIPFamily, d.ServiceFamily) == "IPv6" }

// Representatives is one replica for each workload: its replicas differ only in
// what the downward API tells them.
func (d *Deployment) Representatives() []Replica {
	var out []Replica
	for i := range d.Workloads {
		at := slices.IndexFunc(d.Replicas, func(r Replica) bool { return r.Workload == i })
		out = append(out, d.Replicas[at])
	}
	return out
}

// Refused is the first reason for which coderd ends over one of the variables; nil
// where it takes them.
func (r Replica) Refused(variables ...string) *Refusal {
	for i := range r.Refusals {
		if slices.Contains(variables, r.Refusals[i].Variable) {
			return &r.Refusals[i]
		}
	}
	return nil
}

// EmbeddedRelay says whether a replica serves its own DERP relay; coderd does
// unless it is told not to.
func (r Replica) EmbeddedRelay() bool {
	on, known := r.Env(coder.DERPServerEnable).Bool(true)
	return on || !known
}

// TLS says whether a replica serves TLS; known is false where that cannot be
// told.
func (r Replica) TLS() (on, known bool) { return r.Env(coder.TLSEnable).Bool(false) }

// Address is a listen address of a replica; its state is Missing where coderd does
// not listen there. The order of precedence is that of coder/coder cli/server.go
// ("Validate bind addresses"): CODER_ADDRESS takes the place of the plain address,
// and with TLS of the other one, and turns the second listener off.
func (r Replica) Address(variable string) Value {
	// A deprecated, hidden setting is not suspected in every Secret that is not in
	// the input.
	old, given := r.Variables[coder.Address]
	if host, port, err := net.SplitHostPort(string(old.Text)); !given || old.State != Unknown && (err != nil || host+port == "") {
		return r.ownAddress(variable)
	}
	on, known := r.TLS()
	switch {
	case old.State == Unknown || on == (variable == coder.TLSAddress):
		return old
	case !known:
		tls := r.Env(coder.TLSEnable)
		return Value{State: Unknown, Why: coder.TLSEnable + " decides whether " + coder.Address + " counts: " + tls.Why, Proof: tls.Proof, Origin: old.Origin}
	default:
		return Value{}
	}
}

// ownAddress is that of the variable itself. An empty address turns plain HTTP off.
func (r Replica) ownAddress(variable string) Value {
	address := r.Env(variable)
	switch {
	case address.State == Missing && variable == coder.TLSAddress:
		return address.Or(coder.DefaultTLSAddress)
	case address.State == Missing:
		return address.Or(coder.DefaultHTTPAddress)
	case address.Unset() && variable == coder.HTTPAddress:
		return Value{}
	default:
		return address
	}
}

// SplitAddress takes a listen address apart; ok is false where it is not
// host:port. A symbol in the host becomes a name that stands in for it.
func SplitAddress(address Text) (host string, port int, ok bool) {
	host, text, err := net.SplitHostPort(address.Plain())
	if err != nil {
		return "", 0, false
	}
	port, err = strconv.Atoi(text)
	return host, port, err == nil
}

// NATS says whether a replica takes part in a NATS cluster for pubsub, and else
// what turns it off.
func (d *Deployment) NATS(r Replica) (on bool, why string) {
	return coder.NATS(d.Version, r.Env(coder.Experiments).List())
}

// NATSDependsOnVersion says that a replica takes part in a NATS cluster with some
// versions of Coder only, and which one runs is not known.
func (d *Deployment) NATSDependsOnVersion(r Replica) bool {
	older, _ := coder.NATS(coder.Version{Major: 2, Minor: 37}, r.Env(coder.Experiments).List())
	on, _ := d.NATS(r)
	return on && !older && !d.Version.Known()
}

// EffectiveClusterHost is the address that NATS uses: CODER_CLUSTER_HOST, else
// the host of the relay URL.
func (r Replica) EffectiveClusterHost() Value {
	if host := r.Env(coder.ClusterHost); !host.Unset() {
		return host
	}
	relay := r.Env(coder.RelayURL)
	if !relay.Set() {
		return relay
	}
	e, err := ParseEndpoint(relay.Text)
	if err != nil {
		return Value{}
	}
	return Value{State: Known, Text: e.Host, FromSecret: relay.FromSecret, Hidden: relay.Hidden, Origin: relay.Origin}
}
