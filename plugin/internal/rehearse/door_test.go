package rehearse

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/agent"
)

// way is one to a pod, that says when it is closed.
type way chan struct{}

func (w way) Close() error {
	close(w)
	return nil
}

func (w way) await(t *testing.T) {
	t.Helper()
	select {
	case <-w:
	case <-time.After(10 * time.Second):
		t.Fatal("the way to the pod stays open")
	}
}

// TestOnlyAnAgentOfThisVersionIsAsked answers the token in several ways.
func TestOnlyAnAgentOfThisVersionIsAsked(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]error{
		agent.Greeting:     nil,
		"coder-ha agent 0": errOtherAgent,
		"HTTP/1.1 400":     errOtherAgent,
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			here, pod := net.Pipe()
			shown := make(chan string, 1)
			go func() {
				line, _ := bufio.NewReader(pod).ReadString('\n')
				shown <- line
				_, _ = io.WriteString(pod, answer+"\n")
			}()
			closed := make(way)
			s := pass(t.Context(), here, closed)
			require.ErrorIs(t, s.greet(t.Context(), "the token"), want)
			assert.Equal(t, "the token\n", <-shown)

			s.close(t.Context())
			closed.await(t)
		})
	}
}

// TestTheWayToAPodEndsWithTheAgent has a pod that goes away.
func TestTheWayToAPodEndsWithTheAgent(t *testing.T) {
	t.Parallel()
	here, pod := net.Pipe()
	closed := make(way)
	s := pass(t.Context(), here, closed)
	require.NoError(t, pod.Close())
	closed.await(t)
	_, err := s.line(t.Context())
	require.EqualError(t, err, "the agent ended")
}
