package rehearse

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// TestAnAnswerHasAsManyPartsAsTheQuestion is about an image with another program.
func TestAnAnswerHasAsManyPartsAsTheQuestion(t *testing.T) {
	t.Parallel()
	two := []mesh.Peer{{Name: "coder-1"}, {Name: "coder-2"}}
	for _, c := range []struct {
		name    string
		request agent.Request
		reply   string
		fits    bool
	}{
		{"a link for each peer", agent.Request{Reach: &agent.Reach{Peers: two}}, `{"links":[{},{}]}`, true},
		{"a link too many", agent.Request{Reach: &agent.Reach{Peers: two}}, `{"links":[{},{},{}]}`, false},
		{"a link too few", agent.Request{Reach: &agent.Reach{Peers: two}}, `{"links":[{}]}`, false},
		{"a latency for each peer", agent.Request{Measure: &agent.Measure{Peers: two}}, `{"latencies":[null,null]}`, true},
		{"a latency too many", agent.Request{Measure: &agent.Measure{Peers: two}}, `{"latencies":[null,null,null]}`, false},
		{"links that nobody asked for", agent.Request{End: &agent.End{}}, `{"links":[{}]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			requests, in := io.Pipe()
			out, replies := io.Pipe()
			s := newSession(in, out)
			defer requests.Close()
			defer replies.Close()
			go func() { _, _ = io.Copy(io.Discard, requests) }()
			go func() { _, _ = io.WriteString(replies, c.reply+"\n") }()
			_, err := s.ask(t.Context(), c.request)
			if c.fits {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, "the answer of the agent does not fit the question")
		})
	}
}

// TestAPodThatIsLostIsNotWaitedFor tells an agent that takes its time from a pod of
// which nothing is heard.
func TestAPodThatIsLostIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		requests, in := io.Pipe()
		out, replies := io.Pipe()
		s := newSession(in, out)
		go func() { _, _ = io.Copy(io.Discard, requests) }()
		defer requests.Close()
		defer replies.Close()

		go func() {
			for range 3 * silence / agent.Beat {
				<-time.After(agent.Beat)
				_, _ = io.WriteString(replies, "\n")
			}
			_, _ = io.WriteString(replies, `{"foreign":3}`+"\n")
		}()
		reply, err := s.ask(t.Context(), agent.Request{End: &agent.End{}})
		require.NoError(t, err)
		assert.Equal(t, 3, reply.Foreign)

		begin := time.Now()
		_, err = s.ask(t.Context(), agent.Request{End: &agent.End{}})
		require.ErrorIs(t, err, errSilent)
		assert.Equal(t, silence, time.Since(begin))
		_, err = s.ask(t.Context(), agent.Request{End: &agent.End{}})
		require.ErrorIs(t, err, errSilent)
		assert.Equal(t, silence, time.Since(begin), "it is not waited for again")
	})
}
