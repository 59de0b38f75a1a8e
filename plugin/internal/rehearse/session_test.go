package rehearse

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
)

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
