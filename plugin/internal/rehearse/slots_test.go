package rehearse

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// onNodes are agents on so many nodes, one after the other.
func onNodes(agents, nodes int) []string {
	out := make([]string, agents)
	for i := range out {
		out[i] = fmt.Sprintf("node-%d", i%nodes)
	}
	return out
}

func TestEachAsksEachOtherOnceAndNobodyIsAskedByTwo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ agents, nodes, slots int }{{1, 1, 0}, {2, 1, 1}, {3, 3, 2}, {5, 1, 8}, {50, 50, 49}, {50, 13, 49}, {50, 3, 245}} {
		nodes := onNodes(c.agents, c.nodes)
		plan := turns(nodes)
		asked := map[[2]int]bool{}
		for n := range c.slots {
			by := map[int]bool{}
			on := map[string]int{}
			for i := range plan {
				whom := plan[i][n]
				if whom < 0 {
					continue
				}
				assert.False(t, by[whom], "slot %d: two ask %d", n, whom)
				assert.False(t, asked[[2]int{i, whom}], "%d asks %d twice", i, whom)
				by[whom], asked[[2]int{i, whom}] = true, true
				on[nodes[i]]++
				assert.LessOrEqual(t, on[nodes[i]], busiest, "slot %d: %s is busy", n, nodes[i])
				assert.NotEqual(t, i, whom)
			}
		}
		assert.Len(t, plan[0], c.slots, "%d agents on %d nodes", c.agents, c.nodes)
		assert.Len(t, asked, c.agents*(c.agents-1), "%d agents on %d nodes", c.agents, c.nodes)
	}
}

func TestASlotHasRoomForMostRoundTrips(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	assert.Equal(t, shortestSlot, slot([]time.Duration{ms, ms / 5}, 2))
	assert.Equal(t, 720*ms, slot([]time.Duration{ms, 60 * ms, 60 * ms, 60 * ms}, 2))
	assert.Equal(t, shortestSlot, slot([]time.Duration{ms, ms, 60 * ms, 2000 * ms, 2000 * ms, 2000 * ms, 2000 * ms, ms}, 2), "ways that are far take of the next slots")
	assert.Equal(t, mostSlots/245, slot([]time.Duration{60 * ms}, 245), "many replicas take no longer")
}
