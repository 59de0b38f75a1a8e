package agent

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listening is where an agent listens for the plugin.
func listening(t *testing.T, token string) string {
	t.Helper()
	listener, err := onLoopback(t.Context(), 0)
	require.NoError(t, err)
	go func() { _ = answer(t.Context(), listener, TokenDigest(token)) }()
	return listener.Addr().String()
}

func dial(t *testing.T, address, first string) *bufio.Reader {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte(first))
	require.NoError(t, err)
	return bufio.NewReader(conn)
}

func TestAnAgentAnswersWhoHasTheToken(t *testing.T) {
	t.Parallel()
	address := listening(t, "the token")
	assert.True(t, strings.HasPrefix(address, "127.0.0.1:"), address)
	for range 2 {
		answers := dial(t, address, "the token\n"+`{"end":{}}`+"\n")
		line, err := answers.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, Greeting+"\n", line)
		line, err = answers.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "{}\n", line)
	}
}

func TestAnAgentSaysNothingToOthers(t *testing.T) {
	t.Parallel()
	address := listening(t, "the token")
	for _, first := range []string{"another token\n" + `{"end":{}}` + "\n", TokenDigest("the token") + "\n", "\n", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 10_000)} {
		line, err := dial(t, address, first).ReadString('\n')
		require.Error(t, err)
		assert.Empty(t, line)
	}
}

func TestAnAgentThatListensEndsWithItsTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := onLoopback(ctx, 0)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- answer(ctx, listener, TokenDigest("t")) }()
	idle := dial(t, listener.Addr().String(), "t\n")
	_, err = idle.ReadString('\n')
	require.NoError(t, err)
	cancel()
	require.NoError(t, <-ended)
	_, err = idle.ReadString('\n')
	assert.Error(t, err)
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	address := listening(t, "the token")
	_, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	assert.EqualError(t, Listen(t.Context(), port, ""), "listen for the plugin on "+address+": address already in use")
}

// watched is a connection that notes whether reading had a limit.
type watched struct {
	net.Conn
	limited []bool
}

func (w *watched) SetReadDeadline(at time.Time) error {
	w.limited = append(w.limited, !at.IsZero())
	return w.Conn.SetReadDeadline(at)
}

func TestOnlyTheTokenHasToComeInTime(t *testing.T) {
	t.Parallel()
	plugin, own := net.Pipe()
	conn := &watched{Conn: own}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		admit(t.Context(), conn, TokenDigest("t"))
	}()
	_, err := plugin.Write([]byte("t\n"))
	require.NoError(t, err)
	_, err = bufio.NewReader(plugin).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, plugin.Close())
	<-ended
	assert.Equal(t, []bool{true, false}, conn.limited)
}
