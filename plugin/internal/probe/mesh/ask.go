package mesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// roundTrips is how many are measured once the first answer was good.
const roundTrips = 7

// The paths that peers ask for, below which a relay URL has none of its own
// (coder/coder enterprise/replicasync, enterprise/derpmesh), and that of coderd's
// health.
const (
	LatencyPath = "/derp/latency-check"
	DERPPath    = "/derp"
	healthPath  = "/healthz"
)

// askRelay pings a relay and changes to DERP, as a peer does. The chain is presented
// for the host of the access URL, and kept without a verdict.
func (o Options) askRelay(ctx context.Context, relay deployment.Endpoint, serverName string) *facts.Answer {
	answer := &facts.Answer{Target: base(relay)}
	client, done := o.client(answer.Target, relayTLS(serverName))
	defer done()
	o.ping(ctx, client, answer, answer.Target+LatencyPath)
	if answer.Failure == nil {
		answer.Failure = o.upgrade(ctx, client, answer.Target+DERPPath)
	}
	return answer
}

// relayTLS is how a relay is dialed over TLS.
func relayTLS(serverName string) *tls.Config {
	return &tls.Config{
		// Each replica trusts its own certificates only, which are not here: the
		// chain is judged with those of the others.
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS12,
		ServerName:         serverName,
	}
}

// askAccess asks the access URL for its health, as a client on this machine would.
func (o Options) askAccess(ctx context.Context, access deployment.Endpoint) *facts.Answer {
	answer := &facts.Answer{Target: base(access)}
	client, done := o.client(answer.Target, &tls.Config{MinVersion: tls.VersionTLS12})
	defer done()
	o.ping(ctx, client, answer, answer.Target+healthPath)
	return answer
}

// askPort opens a connection and closes it.
func (o Options) askPort(ctx context.Context, host string, port int) *facts.Answer {
	answer := &facts.Answer{Target: address(host, port)}
	within, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(within, "tcp", answer.Target)
	if err != nil {
		answer.Failure = failure(ctx, err, o.Patience)
		return answer
	}
	_ = conn.Close()
	return answer
}

// client sends on one connection, to the address itself: no proxy, no redirect.
func (o Options) client(name string, config *tls.Config) (client *http.Client, done func()) {
	transport := &http.Transport{
		TLSClientConfig: config, DisableCompression: true, MaxConnsPerHost: 1, TLSHandshakeTimeout: o.Patience,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, o.Patience)
			defer cancel()
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return limits.Conn(conn, name, limits.ReplicaData), nil
		},
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, transport.CloseIdleConnections
}

// ping asks once for the answer, and then for its time.
func (o Options) ping(ctx context.Context, client *http.Client, answer *facts.Answer, url string) {
	first, err := o.get(ctx, client, url)
	if err != nil {
		answer.Failure = failure(ctx, err, o.Patience)
		return
	}
	answer.Chain, answer.Trust = encoded(first.chain), o.trust(first.chain)
	if first.status != http.StatusOK {
		answer.Failure = &facts.Failure{Cause: facts.Status, Status: first.status, Message: fmt.Sprintf("status %d", first.status)}
		return
	}
	if answer.Failure = o.stranger(first.identity); answer.Failure == nil && first.whole {
		answer.Latency = o.measure(ctx, client, url)
	}
}

// measure takes the time of answers on the connection that is open.
func (o Options) measure(ctx context.Context, client *http.Client, url string) *pgfacts.Latency {
	var samples []time.Duration
	for len(samples) < o.trips() {
		next, err := o.get(ctx, client, url)
		if err != nil || next.status != http.StatusOK || !next.reused {
			break
		}
		samples = append(samples, next.took)
		if !next.whole {
			break
		}
	}
	if len(samples) == 0 {
		return nil
	}
	return pgfacts.NewLatency(samples)
}

// got is one HTTP answer.
type got struct {
	status int
	// reused says that the connection was open before, and took how long the head of
	// the answer took.
	reused bool
	took   time.Duration
	// whole says that the body came to its end within the limits: only then the
	// connection can be used again. As for coderd, the body does not count.
	whole bool
	chain []*x509.Certificate
	// identity is who the answer says it is.
	identity string
}

// get asks once.
func (o Options) get(ctx context.Context, client *http.Client, url string) (got, error) {
	within, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	var g got
	traced := httptrace.WithClientTrace(within, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { g.reused = info.Reused }})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, url, nil)
	if err != nil {
		return got{}, err
	}
	o.sign(request)
	begin := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return got{}, err
	}
	g.took, g.status, g.identity = time.Since(begin), response.StatusCode, response.Header.Get(IdentityHeader)
	if response.TLS != nil {
		g.chain = response.TLS.PeerCertificates
	}
	_, err = io.Copy(io.Discard, response.Body)
	g.whole = errors.Join(err, response.Body.Close()) == nil
	return g, nil
}

// upgrade asks a relay to change to DERP, and leaves it at that.
func (o Options) upgrade(ctx context.Context, client *http.Client, url string) *facts.Failure {
	within, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(within, http.MethodGet, url, nil)
	if err != nil {
		return failure(ctx, err, o.Patience)
	}
	o.sign(request)
	request.Header.Set("Upgrade", "DERP")
	request.Header.Set("Connection", "Upgrade")
	response, err := client.Do(request)
	if err != nil {
		return failure(ctx, err, o.Patience)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols {
		return &facts.Failure{Cause: facts.Upgrade, Status: response.StatusCode, Message: fmt.Sprintf("status %d to the upgrade to DERP", response.StatusCode)}
	}
	return nil
}

// base is an endpoint without anything behind it.
func base(e deployment.Endpoint) string {
	return e.Scheme + "://" + address(string(e.Host), e.Port)
}

// encoded are certificates as PEM.
func encoded(chain []*x509.Certificate) []byte {
	var out []byte
	for _, c := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}
