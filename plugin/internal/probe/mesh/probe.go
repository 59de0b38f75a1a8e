// Package mesh asks replicas what their peers ask them: the relay URL, the port for
// pubsub and the access URL. It sends what coderd sends, and does not judge.
package mesh

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Patience is how long coderd waits for a peer (coder/coder enterprise/replicasync).
const Patience = 3 * time.Second

// atOnce bounds how many replicas are asked at the same time.
const atOnce = 16

// Options say whom to ask, and from where.
type Options struct {
	Deployment *deployment.Deployment
	// Local are the addresses of this machine, by which it may know itself as one of
	// the hosts.
	Local []netip.Addr
	// Patience is how long an answer may take.
	Patience time.Duration
	// ClusterPort is that of pubsub.
	ClusterPort int
	// Run is what requests carry, so that agents of this run know them as theirs;
	// empty where replicas are asked.
	Run string
	// Expect is the identity that an answer must carry; empty for any.
	Expect string
	// Roots are what the replica that asks trusts; nil where that is not known.
	Roots *x509.CertPool
	// Once says to measure one round trip only.
	Once bool
}

// New are the options for a deployment and this machine.
func New(d *deployment.Deployment) Options {
	return Options{Deployment: d, Local: localAddresses(), Patience: Patience, ClusterPort: coder.NATSPort}
}

// localAddresses are those that other machines may know this one by.
func localAddresses() []netip.Addr {
	var out []netip.Addr
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range found {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLoopback() && !prefix.Addr().IsLinkLocalUnicast() {
			out = append(out, prefix.Addr().Unmap())
		}
	}
	return out
}

// Probe asks all replicas and the access URL, side by side. What the context ends is
// said to be interrupted.
func Probe(ctx context.Context, o Options) (facts.Place, []facts.Link) {
	d := o.Deployment
	var place facts.Place
	links := make([]facts.Link, len(d.Replicas))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	ask := func(into **facts.Answer, how func() *facts.Answer) {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			*into = how()
		})
	}
	access := endpointOf(d.Replicas[0].Env(coder.AccessURL))
	if access != nil {
		ask(&place.Access, func() *facts.Answer { return o.askAccess(ctx, *access) })
	}
	for i, r := range d.Replicas {
		links[i].To = r.Name
		if relay := endpointOf(r.Env(coder.RelayURL)); relay != nil && r.EmbeddedRelay() {
			ask(&links[i].Relay, func() *facts.Answer { return o.askRelay(ctx, *relay, serverName(access)) })
		}
		if host := clusterHost(d, r); host != "" {
			ask(&links[i].Cluster, func() *facts.Answer { return o.askPort(ctx, host, o.ClusterPort) })
		}
	}
	wg.Wait()
	place.Position = o.here(links)
	for i := range links {
		links[i].From = place.Position
	}
	return place, links
}

// serverName is what peers ask TLS for.
func serverName(access *deployment.Endpoint) string {
	if access == nil {
		return ""
	}
	return string(access.Host)
}

// here is the replica of this machine: the only one whose relay URL has one of its
// addresses, and that answers there.
func (o Options) here(links []facts.Link) facts.Position {
	position := facts.ThisMachine
	for i, r := range o.Deployment.Replicas {
		relay := endpointOf(r.Env(coder.RelayURL))
		if relay == nil || links[i].Relay == nil || links[i].Relay.Failure != nil || !o.local(string(relay.Host)) {
			continue
		}
		if position != facts.ThisMachine {
			return facts.ThisMachine
		}
		position = facts.Position(r.Name)
	}
	return position
}

func (o Options) local(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && slices.Contains(o.Local, addr)
}

// endpointOf is the address behind a URL; nil where it cannot be dialed as it stands.
func endpointOf(v deployment.Value) *deployment.Endpoint {
	_, literal := v.Text.Literal()
	if !v.Set() || !literal || v.FromSecret || v.Hidden || v.LeftUnexpanded() {
		return nil
	}
	e, err := deployment.ParseEndpoint(v.Text)
	if err != nil || e.Host == "" {
		return nil
	}
	return &e
}

// clusterHost is where a replica listens for pubsub; empty where it does not, or
// where that is not known.
func clusterHost(d *deployment.Deployment, r deployment.Replica) string {
	host := r.EffectiveClusterHost()
	text, literal := host.Text.Literal()
	if on, _ := d.NATS(r); !on || !host.Set() || !literal || host.FromSecret || host.Hidden {
		return ""
	}
	return text
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
