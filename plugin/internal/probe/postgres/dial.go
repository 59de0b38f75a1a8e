package postgres

import (
	"context"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// laggardPatience is how long the other addresses of a name may still take once
// one of them has answered.
const laggardPatience = time.Second

// maxAddresses bounds how many addresses of a name are tried.
const maxAddresses = 16

// endpoint is one network address of the host.
type endpoint struct{ network, address string }

// resolve looks the host up. A literal address and a socket need no look-up.
func (p *probe) resolve(ctx context.Context) ([]endpoint, error) {
	host := p.URL.Host()
	if host.Socket() {
		p.facts.Steps = append(p.facts.Steps, pgfacts.StepResult{Step: pgfacts.DNS, Status: pgfacts.StepSkipped, Message: "a Unix socket"})
		return []endpoint{{"unix", path.Join(host.Name, ".s.PGSQL."+strconv.Itoa(host.Port))}}, nil
	}
	if _, err := netip.ParseAddr(host.Name); err == nil {
		p.facts.Steps = append(p.facts.Steps, pgfacts.StepResult{Step: pgfacts.DNS, Status: pgfacts.StepSkipped, Message: "the URL has an address"})
		return []endpoint{{"tcp", host.String()}}, nil
	}
	begin := time.Now()
	found, err := p.Lookup(ctx, host.Name)
	result := pgfacts.StepResult{Step: pgfacts.DNS, Status: pgfacts.StepOK, Took: time.Since(begin), Address: host.Name}
	if err != nil {
		describeFailure(ctx, &result, err)
		p.facts.Steps = append(p.facts.Steps, result)
		p.facts.ClusterName = !result.TimedOut && clusterName(host.Name, p.InCluster)
		return nil, &stepError{pgfacts.DNS, err}
	}
	p.facts.Steps = append(p.facts.Steps, result)
	endpoints := make([]endpoint, 0, len(found))
	for _, a := range found[:min(len(found), maxAddresses)] {
		endpoints = append(endpoints, endpoint{"tcp", pgurl.Host{Name: a, Port: host.Port}.String()})
	}
	return endpoints, nil
}

// clusterName says that a name is one that only the DNS of a cluster knows:
// SERVICE.NAMESPACE.svc, or in a pod's own environment also SERVICE and
// SERVICE.NAMESPACE.
func clusterName(host string, inCluster bool) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local") ||
		inCluster && strings.Count(host, ".") < 2
}

type dialed struct {
	index int
	conn  net.Conn
	err   error
	took  time.Duration
}

// dialAll tries every address at once, records how each went and keeps the
// first in the resolver's order, as the driver would.
func (p *probe) dialAll(ctx context.Context, endpoints []endpoint) (net.Conn, endpoint, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	results := make(chan dialed)
	for i, e := range endpoints {
		go func() {
			conn, err := p.Dial(ctx, e.network, e.address)
			results <- dialed{i, conn, err, time.Since(begin)}
		}()
	}
	all := make([]dialed, len(endpoints))
	var laggards *time.Timer
	for range endpoints {
		r := <-results
		all[r.index] = r
		if r.err == nil && laggards == nil {
			laggards = time.AfterFunc(laggardPatience, cancel)
			defer laggards.Stop()
		}
	}
	return p.choose(ctx, all, endpoints, time.Since(begin))
}

// choose keeps one connection, closes the others and records them all.
func (p *probe) choose(ctx context.Context, all []dialed, endpoints []endpoint, took time.Duration) (net.Conn, endpoint, error) {
	chosen := -1
	for i, r := range all {
		a := pgfacts.Address{Address: endpoints[i].address, Took: r.took}
		switch {
		case r.err != nil:
			failed := pgfacts.StepResult{Took: r.took}
			describeFailure(ctx, &failed, r.err)
			if r.took >= laggardPatience && ctx.Err() != nil {
				failed.Message = "no answer within " + human.Duration(r.took)
			}
			a.Error = failed.Message
		case chosen < 0:
			chosen = i
		default:
			_ = r.conn.Close()
		}
		p.facts.Addresses = append(p.facts.Addresses, a)
	}
	if chosen >= 0 {
		p.facts.Steps = append(p.facts.Steps, pgfacts.StepResult{Step: pgfacts.TCP, Status: pgfacts.StepOK, Took: all[chosen].took, Address: endpoints[chosen].address})
		return all[chosen].conn, endpoints[chosen], nil
	}
	result := pgfacts.StepResult{Step: pgfacts.TCP, Took: took, Address: endpoints[0].address}
	describeFailure(ctx, &result, all[0].err)
	p.facts.Steps = append(p.facts.Steps, result)
	return nil, endpoint{}, &stepError{pgfacts.TCP, all[0].err}
}
