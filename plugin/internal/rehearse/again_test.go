package rehearse

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

func TestOnlyTheSilentAreAskedAgain(t *testing.T) {
	t.Parallel()
	failed := func(cause facts.Cause) *facts.Answer { return &facts.Answer{Failure: &facts.Failure{Cause: cause}} }
	peers := []mesh.Peer{
		{Name: "a", Relay: "http://a", Cluster: "a"}, {Name: "b", Relay: "http://b", Cluster: "b"}, {Name: "c", Relay: "http://c", Cluster: "c"},
	}
	links := []facts.Link{
		{To: "a", Relay: &facts.Answer{}, Cluster: failed(facts.Timeout)},
		{To: "b", Relay: failed(facts.Refused), Cluster: &facts.Answer{}},
		{To: "c", Relay: failed(facts.Timeout), Cluster: failed(facts.Timeout)},
	}
	assert.Equal(t, []mesh.Peer{{Name: "a", Cluster: "a"}, peers[2]}, silentOnes(links, peers))

	assert.False(t, take(links, []facts.Link{{To: "a", Cluster: failed(facts.Timeout)}}), "still silent")
	assert.True(t, take(links, []facts.Link{{To: "c", Relay: &facts.Answer{}, Cluster: failed(facts.Timeout)}}))
	assert.Nil(t, links[2].Relay.Failure)
	assert.Equal(t, facts.Timeout, links[2].Cluster.Failure.Cause)
}
