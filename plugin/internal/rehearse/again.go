package rehearse

import (
	"context"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// fewAgain is how many of the silent ones are asked again first: all of them only if
// one of these answers now.
const fewAgain = 8

// askAgain asks those a second time that did not answer in time, once all others are
// done: what a busy node kept from answering is not silent.
func (r *run) askAgain(ctx context.Context, here []*stand, peers []mesh.Peer, links [][]facts.Link, serverName string) {
	each(here, len(here), func(s *stand) {
		i := slices.Index(here, s)
		silent := silentOnes(links[i], others(peers, i))
		few := min(fewAgain, len(silent))
		for _, some := range [][]mesh.Peer{silent[:few], silent[few:]} {
			if len(some) == 0 {
				return
			}
			reply, err := s.session.ask(ctx, agent.Request{Reach: &agent.Reach{Peers: some, ServerName: serverName}})
			if err != nil || !take(links[i], reply.Links) {
				return
			}
		}
	})
}

// silentOnes are the peers that did not answer in time, with the addresses that did
// not.
func silentOnes(links []facts.Link, peers []mesh.Peer) []mesh.Peer {
	var out []mesh.Peer
	for n, link := range links {
		p := peers[n]
		if !silent(link.Relay) {
			p.Relay = ""
		}
		if !silent(link.Cluster) {
			p.Cluster = ""
		}
		if p.Relay != "" || p.Cluster != "" {
			out = append(out, p)
		}
	}
	return out
}

func silent(a *facts.Answer) bool {
	return a != nil && a.Failure != nil && a.Failure.Cause == facts.Timeout
}

// take puts what was answered now in the place of silence, and says whether anything
// was.
func take(links, now []facts.Link) (answered bool) {
	for _, link := range now {
		at := slices.IndexFunc(links, func(l facts.Link) bool { return l.To == link.To })
		if at < 0 {
			continue
		}
		if link.Relay != nil && !silent(link.Relay) {
			links[at].Relay, answered = link.Relay, true
		}
		if link.Cluster != nil && !silent(link.Cluster) {
			links[at].Cluster, answered = link.Cluster, true
		}
	}
	return answered
}
