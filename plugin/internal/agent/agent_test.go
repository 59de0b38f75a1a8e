package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// begun is an agent that serves on loopback.
func begun(t *testing.T, run, name string) (w *worker, peer mesh.Peer) {
	t.Helper()
	address := free(t)
	_, port, err := net.SplitHostPort(free(t))
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	w = &worker{}
	reply := w.do(t.Context(), Request{Begin: &Begin{
		Run: run, Identity: run + "/" + name, Listeners: []Listener{{Address: address}}, ClusterHost: "127.0.0.1", ClusterPort: number,
	}})
	require.Empty(t, reply.Listening)
	return w, mesh.Peer{Name: name, Identity: run + "/" + name, Relay: "http://" + address, Cluster: "127.0.0.1"}
}

// free is a loopback address that nothing listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

func TestAgentsReachAndMeasureEachOther(t *testing.T) {
	t.Parallel()
	a, peer := begun(t, "run", "coder-0")
	links := a.do(t.Context(), Request{Reach: &Reach{Peers: []mesh.Peer{peer}}}).Links
	require.Len(t, links, 1)
	require.NotNil(t, links[0].Relay)
	assert.Nil(t, links[0].Relay.Failure)
	require.NotNil(t, links[0].Cluster)
	assert.Nil(t, links[0].Cluster.Failure)
	latencies := a.do(t.Context(), Request{Measure: &Measure{Peers: []mesh.Peer{peer, {Name: "a pause"}}, Slot: time.Millisecond}}).Latencies
	require.Len(t, latencies, 2)
	require.NotNil(t, latencies[0])
	assert.Greater(t, len(latencies[0].Samples), 3)
	assert.Nil(t, latencies[1])
	assert.Zero(t, a.do(t.Context(), Request{End: &End{}}).Foreign)
}

func TestAnAnswerOfSomebodyElseIsNoticed(t *testing.T) {
	t.Parallel()
	a, peer := begun(t, "run", "coder-0")
	peer.Identity, peer.Name = "run/coder-1", "coder-1"
	link := a.do(t.Context(), Request{Reach: &Reach{Peers: []mesh.Peer{peer}}}).Links[0]
	for _, answer := range []*facts.Answer{link.Relay, link.Cluster} {
		require.NotNil(t, answer)
		require.NotNil(t, answer.Failure)
		assert.Equal(t, facts.Stranger, answer.Failure.Cause)
		assert.Equal(t, "replica coder-0 answers there", answer.Failure.Message)
	}
}

func TestOthersAreRefusedAndCounted(t *testing.T) {
	t.Parallel()
	a, peer := begun(t, "run", "coder-0")
	for _, path := range []string{"/healthz", "/derp/latency-check", "/"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, peer.Relay+path, nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusServiceUnavailable, response.StatusCode, path)
	}
	assert.Equal(t, 3, a.do(t.Context(), Request{End: &End{}}).Foreign)
}

func TestAnAddressThatIsTakenIsNamed(t *testing.T) {
	t.Parallel()
	_, peer := begun(t, "run", "coder-0")
	address := strings.TrimPrefix(peer.Relay, "http://")
	reply := (&worker{}).do(t.Context(), Request{Begin: &Begin{Run: "other", Identity: "other/coder-0", Listeners: []Listener{{Address: address}}}})
	assert.Equal(t, map[string]string{address: "address already in use"}, reply.Listening)
}

func TestTheDatabaseURLStaysInThePod(t *testing.T) {
	t.Setenv("AGENT_TEST_URL", "postgres://coder:hunter2hunter@127.0.0.1:1/coder?sslmode=disable")
	reply := (&worker{}).do(t.Context(), Request{Database: &Database{Variable: "AGENT_TEST_URL", Origin: "a test", Key: digest.NewKey(), ConnectTimeout: time.Second}})
	text, err := json.Marshal(reply)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")
	require.NotNil(t, reply.Database)
	assert.Equal(t, "coder", reply.Database.Target.User)
	assert.NotEmpty(t, reply.Digest)
	assert.Equal(t, "AGENT_TEST_NONE is not set in the pod", (&worker{}).do(t.Context(), Request{Database: &Database{Variable: "AGENT_TEST_NONE"}}).Problem)
}

func TestEachRequestIsALineAndSoIsItsReply(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Run(context.Background(), strings.NewReader(`{"end":{}}`+"\n"+`{}`+"\n"), &out))
	assert.Equal(t, "{}\n"+`{"problem":"this agent does not know the request"}`+"\n", out.String())
	assert.EqualError(t, Run(context.Background(), strings.NewReader("hunter2\n"), &out), "a request cannot be read")
}

func TestAnAgentIsHeardOfWhileItIsAtARequest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	pauses := Request{Measure: &Measure{Peers: make([]mesh.Peer, 2), Slot: 20 * time.Millisecond}}
	text, err := json.Marshal(pauses)
	require.NoError(t, err)
	require.NoError(t, (&worker{beat: time.Millisecond}).run(t.Context(), bytes.NewReader(append(text, '\n')), &out))
	assert.Regexp(t, `\A\n+\{"latencies":\[null,null\]\}\n\z`, out.String())
}
