package mesh

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Agents in the place of replicas know each other by two headers: requests carry the
// name of the run, and answers the identity of who gave them, RUN/REPLICA.
const (
	RunHeader      = "Coder-Ha-Run"
	IdentityHeader = "Coder-Ha-Agent"
)

// InfoPrefix begins the line with which a server of NATS greets; that of an agent
// holds its identity.
const InfoPrefix = "INFO "

// mostGreeting bounds that line.
const mostGreeting = 4 << 10

// peersAtOnce bounds how many peers an agent asks at the same time, while all the
// others do too.
const peersAtOnce = 8

// Peer is a replica as another one knows it.
type Peer struct {
	// Name is that of the replica, Identity that of the agent in its place.
	Name     string `json:"name"`
	Identity string `json:"identity"`
	// Relay is its relay URL, and Cluster its host for pubsub; empty where that is
	// not asked.
	Relay   string `json:"relay,omitempty"`
	Cluster string `json:"cluster,omitempty"`
}

// Reach asks peers, some of them side by side, and measures one round trip for a first
// idea. The server name is what they are asked for over TLS.
func (o Options) Reach(ctx context.Context, peers []Peer, serverName string) []facts.Link {
	o.Once = true
	links := make([]facts.Link, len(peers))
	slots := make(chan struct{}, peersAtOnce)
	var wg sync.WaitGroup
	for i, p := range peers {
		links[i].To = p.Name
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			asked := o
			asked.Expect = p.Identity
			if relay := p.relay(); relay != nil {
				links[i].Relay = asked.askRelay(ctx, *relay, serverName)
			}
			if p.Cluster != "" {
				links[i].Cluster = asked.askGreeting(ctx, p.Cluster)
			}
		})
	}
	wg.Wait()
	return links
}

// Measure takes the latency of a peer's relay, on a connection of its own; nil where
// it does not answer.
func (o Options) Measure(ctx context.Context, p Peer, serverName string) *pgfacts.Latency {
	relay := p.relay()
	if relay == nil {
		return nil
	}
	o.Expect = p.Identity
	answer := &facts.Answer{Target: base(*relay)}
	client, done := o.client(answer.Target, relayTLS(serverName))
	defer done()
	o.ping(ctx, client, answer, answer.Target+LatencyPath)
	return answer.Latency
}

// Access asks the access URL for its health; nil where it cannot be dialed as it
// stands.
func (o Options) Access(ctx context.Context, url string) *facts.Answer {
	e, err := deployment.ParseEndpoint(deployment.Text(url))
	if err != nil || e.Host == "" {
		return nil
	}
	return o.askAccess(ctx, e)
}

func (p Peer) relay() *deployment.Endpoint {
	e, err := deployment.ParseEndpoint(deployment.Text(p.Relay))
	if err != nil || e.Host == "" {
		return nil
	}
	return &e
}

// askGreeting opens a connection and hears who is there.
func (o Options) askGreeting(ctx context.Context, host string) *facts.Answer {
	answer := &facts.Answer{Target: address(host, o.ClusterPort)}
	within, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(within, "tcp", answer.Target)
	if err != nil {
		answer.Failure = failure(ctx, err, o.Patience)
		return answer
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := within.Deadline(); ok {
		_ = conn.SetReadDeadline(deadline)
	}
	line, err := bufio.NewReader(io.LimitReader(conn, mostGreeting)).ReadString('\n')
	if err != nil {
		answer.Failure = failure(ctx, err, o.Patience)
		return answer
	}
	info, _ := strings.CutPrefix(strings.TrimSpace(line), InfoPrefix)
	answer.Failure = o.stranger(info)
	return answer
}

// stranger says that an answer came from somebody else than was asked; nil where it
// did not.
func (o Options) stranger(identity string) *facts.Failure {
	if o.Expect == "" || identity == o.Expect {
		return nil
	}
	run, name, agent := strings.Cut(identity, "/")
	if agent && run == o.Run {
		return &facts.Failure{Cause: facts.Stranger, Message: "replica " + name + " answers there"}
	}
	return &facts.Failure{Cause: facts.Stranger, Message: "something else answers there"}
}

// sign makes a request known to agents of this run.
func (o Options) sign(request *http.Request) {
	if o.Run != "" {
		request.Header.Set(RunHeader, o.Run)
	}
}

// trips is how many round trips are measured once the first answer was good.
func (o Options) trips() int {
	if o.Once {
		return 1
	}
	return roundTrips
}
