package rehearse

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// Slots in which round trips are measured: in each, an agent asks one other and is
// asked by one other.
const (
	shortestSlot = 25 * time.Millisecond
	// slotTrips is how many round trips a slot has room for: opening a connection,
	// the first answer and those that count.
	slotTrips = 12
	// mostSlots is what all slots together may take.
	mostSlots = 10 * time.Second
	// busiest is how many agents of one node ask in a slot.
	busiest = 4
)

// turns says for each agent whom it asks in each slot, by the nodes that they are on;
// -1 is nobody.
func turns(nodes []string) [][]int {
	groups := 1
	group := make([]int, len(nodes))
	on := map[string]int{}
	for i, node := range nodes {
		group[i] = on[node] / busiest
		on[node]++
		groups = max(groups, group[i]+1)
	}
	all := make([][]int, len(nodes))
	for i := range nodes {
		for further := 1; further < len(nodes); further++ {
			for g := range groups {
				whom := -1
				if g == group[i] {
					whom = (i + further) % len(nodes)
				}
				all[i] = append(all[i], whom)
			}
		}
	}
	return all
}

// slot is how long a slot is, by the round trips that were seen once, while all asked
// at the same time: the short ones of them are nearest to the truth. A way that takes
// longer takes of the next slots.
func slot(seen []time.Duration, slots int) time.Duration {
	slices.Sort(seen)
	return max(shortestSlot, min(slotTrips*seen[len(seen)/4], mostSlots/time.Duration(slots)))
}

// measure lets each agent measure those that it reached, in slots.
func (r *run) measure(ctx context.Context, here []*stand, peers []mesh.Peer, links [][]facts.Link, serverName string) {
	var seen []time.Duration
	nodes := make([]string, len(here))
	for i, s := range here {
		nodes[i] = s.pod.Spec.NodeName
		for _, link := range links[i] {
			if link.Relay != nil && link.Relay.Latency != nil {
				seen = append(seen, link.Relay.Latency.Median)
			}
		}
	}
	if len(seen) == 0 {
		return
	}
	plan := turns(nodes)
	length := slot(seen, len(plan[0]))
	defer r.stage("measuring the round trips between the replicas", fmt.Sprintf(", for %s", max(time.Second, (length*time.Duration(len(plan[0]))).Round(time.Second))))()
	each(here, len(here), func(s *stand) {
		i := slices.Index(here, s)
		if links[i] == nil {
			return
		}
		at := func(whom int) *facts.Answer { return links[i][(whom-i-1+len(here))%len(here)].Relay }
		asked := make([]mesh.Peer, len(plan[i]))
		for n, whom := range plan[i] {
			if whom < 0 {
				continue
			}
			if a := at(whom); a != nil && a.Failure == nil {
				asked[n] = peers[whom]
			}
		}
		reply, err := s.session.ask(ctx, agent.Request{Measure: &agent.Measure{Peers: asked, ServerName: serverName, Slot: length}})
		if err != nil {
			return
		}
		for n, latency := range reply.Latencies {
			if latency != nil && asked[n].Relay != "" {
				at(plan[i][n]).Latency = latency
			}
		}
	})
}
