package mesh

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

func TestReplicasThatAnswerAreMeasuredOnOneConnection(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	first := serve(t, "127.0.0.1", nil, relayMux())
	server := &http.Server{Handler: relayMux(), ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}}
	counted := listen(t, "127.0.0.2:0")
	go func() { _ = server.Serve(counted) }()
	t.Cleanup(func() { _ = server.Close() })
	pubsub := listen(t, "127.0.0.1:0")
	_, port, err := net.SplitHostPort(pubsub.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)

	place, links := Probe(t.Context(), Options{
		Deployment: hosts("http://"+first, "http://"+first, "http://"+counted.Addr().String()), Patience: Patience, ClusterPort: number,
	})
	assert.Equal(t, facts.ThisMachine, place.Position)
	require.NotNil(t, place.Access)
	assert.Nil(t, place.Access.Failure)
	require.Len(t, links, 2)
	for _, l := range links {
		require.NotNil(t, l.Relay)
		assert.Nil(t, l.Relay.Failure)
		require.NotNil(t, l.Relay.Latency)
		assert.Len(t, l.Relay.Latency.Samples, roundTrips)
		assert.Positive(t, l.Relay.Latency.Median)
	}
	assert.EqualValues(t, 1, opened.Load())
	assert.Nil(t, links[0].Cluster.Failure)
	require.NotNil(t, links[1].Cluster.Failure)
	assert.Equal(t, facts.Refused, links[1].Cluster.Failure.Cause)
}

func TestAMachineKnowsItselfByAnAddressThatAnswers(t *testing.T) {
	t.Parallel()
	first, second := serve(t, "127.0.0.1", nil, relayMux()), serve(t, "127.0.0.2", nil, relayMux())
	d := hosts("http://"+first, "http://"+first, "http://"+second)
	for name, c := range map[string]struct {
		local []string
		want  facts.Position
	}{
		"none":       {nil, facts.ThisMachine},
		"the second": {[]string{"10.0.0.9", "127.0.0.2"}, "coder-2"},
		"both":       {[]string{"127.0.0.1", "127.0.0.2"}, facts.ThisMachine},
	} {
		o := Options{Deployment: d, Patience: Patience, ClusterPort: 1}
		for _, text := range c.local {
			o.Local = append(o.Local, netip.MustParseAddr(text))
		}
		place, links := Probe(t.Context(), o)
		assert.Equal(t, c.want, place.Position, name)
		assert.Equal(t, c.want, links[1].From, name)
	}
	listener := listen(t, "127.0.0.3:0")
	silent := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	place, _ := Probe(t.Context(), Options{Deployment: hosts(silent, silent), Local: []netip.Addr{netip.MustParseAddr("127.0.0.3")}, Patience: Patience, ClusterPort: 1})
	assert.Equal(t, facts.ThisMachine, place.Position, "an address of another network may be the same")
}

func TestEachFailureIsNamedByItsCause(t *testing.T) {
	t.Parallel()
	closed := listen(t, "127.0.0.1:0")
	require.NoError(t, closed.Close())
	mute := listen(t, "127.0.0.1:0")
	rude := listen(t, "127.0.0.1:0")
	go func() {
		for {
			conn, err := rude.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 mail.example.com ESMTP\r\n"))
			_ = conn.Close()
		}
	}()
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.invalid/")
			w.WriteHeader(code)
		})
	}
	noUpgrade := http.NewServeMux()
	noUpgrade.HandleFunc("GET /derp/latency-check", func(http.ResponseWriter, *http.Request) {})
	demanding := &tls.Config{Certificates: []tls.Certificate{certificate(t, "coder.invalid")}, ClientAuth: tls.RequireAnyClientCert}
	for name, c := range map[string]struct {
		url    string
		cause  facts.Cause
		status int
		says   string
	}{
		"nothing listens":        {"http://" + closed.Addr().String(), facts.Refused, 0, "connection refused"},
		"no such name":           {"http://no-such-host.invalid:1", facts.Unresolved, 0, ""},
		"no answer":              {"http://" + mute.Addr().String(), facts.Timeout, 0, "no answer within 500 ms"},
		"no handshake":           {"https://" + mute.Addr().String(), facts.Timeout, 0, "no answer within 500 ms"},
		"another protocol":       {"http://" + rude.Addr().String(), facts.Protocol, 0, "not HTTP"},
		"not found":              {"http://" + serve(t, "127.0.0.1", nil, status(404)), facts.Status, 404, "status 404"},
		"a redirect":             {"http://" + serve(t, "127.0.0.1", nil, status(307)), facts.Status, 307, "status 307"},
		"no DERP":                {"http://" + serve(t, "127.0.0.1", nil, noUpgrade), facts.Upgrade, 404, "status 404 to the upgrade to DERP"},
		"plain HTTP":             {"https://" + serve(t, "127.0.0.1", nil, relayMux()), facts.TLS, 0, "plain HTTP"},
		"a client certificate":   {"https://" + serve(t, "127.0.0.1", demanding, relayMux()), facts.TLS, 0, "certificate required"},
		"a path that is ignored": {"http://" + serve(t, "127.0.0.1", nil, relayMux()) + "/deeper", "", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := relayOf(t.Context(), t, c.url)
			if c.cause == "" {
				assert.Nil(t, got.Failure)
				return
			}
			require.NotNil(t, got.Failure)
			assert.Equal(t, c.cause, got.Failure.Cause, got.Failure.Message)
			assert.Equal(t, c.status, got.Failure.Status)
			assert.Contains(t, got.Failure.Message, c.says)
			assert.NotContains(t, got.Failure.Message, "evil")
		})
	}
}

// TestSilentDNSIsNoUnknownName: a policy may block the lookup, and says nothing of the
// name.
func TestSilentDNSIsNoUnknownName(t *testing.T) {
	t.Parallel()
	silent := failure(t.Context(), &net.DNSError{Err: "i/o timeout", Name: "coder", IsTimeout: true}, time.Second)
	assert.Equal(t, &facts.Failure{Cause: facts.Timeout, Message: "no answer to the lookup of its name"}, silent)
	broken := failure(t.Context(), &net.DNSError{Err: "server misbehaving", Name: "coder"}, time.Second)
	assert.Equal(t, facts.Unresolved, broken.Cause)
}

func TestTheCertificatesThatAReplicaPresentsAreKept(t *testing.T) {
	t.Parallel()
	mine := certificate(t, "other.invalid")
	asked := make(chan string, 16)
	config := &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked <- hello.ServerName
		return &mine, nil
	}}
	got := relayOf(t.Context(), t, "https://"+serve(t, "127.0.0.1", config, relayMux()))
	assert.Nil(t, got.Failure)
	assert.Equal(t, "coder.invalid", <-asked, "the host of the access URL, as peers ask")
	block, rest := pem.Decode(got.Chain)
	require.NotNil(t, block)
	assert.Empty(t, rest)
	leaf, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	assert.Equal(t, []string{"other.invalid"}, leaf.DNSNames)
}

func TestAReplicaTrustsWhatIsInItsOwnFiles(t *testing.T) {
	t.Parallel()
	mine, other := certificate(t, "coder.invalid"), certificate(t, "coder.invalid")
	relay, err := deployment.ParseEndpoint(deployment.Text("https://" + serve(t, "127.0.0.1", &tls.Config{Certificates: []tls.Certificate{mine}}, relayMux())))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		roots   []tls.Certificate
		problem string
	}{
		"the same certificate": {[]tls.Certificate{mine}, ""},
		"one of several":       {[]tls.Certificate{other, mine}, ""},
		"another certificate":  {[]tls.Certificate{other}, "certificate"},
	} {
		var files []string
		for i, pair := range c.roots {
			file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.crt", i))
			require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600))
			files = append(files, file)
		}
		roots, err := Roots(files)
		require.NoError(t, err)
		got := Options{Patience: Patience, Roots: roots}.askRelay(t.Context(), relay, "coder.invalid")
		assert.Nil(t, got.Failure, name)
		require.NotNil(t, got.Trust, name)
		assert.Equal(t, c.problem == "", got.Trust.Problem == "", "%s: %s", name, got.Trust.Problem)
		assert.Contains(t, got.Trust.Problem, c.problem, name)
	}
	assert.Nil(t, Options{Patience: Patience}.askRelay(t.Context(), relay, "coder.invalid").Trust, "not tried without files")
	_, err = Roots([]string{filepath.Join(t.TempDir(), "none.crt")})
	require.Error(t, err)
}

func TestAnAnswerWithoutEndCountsByItsStatus(t *testing.T) {
	t.Parallel()
	other, chunk := relayMux(), make([]byte, 1<<16)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != LatencyPath {
			other.ServeHTTP(w, r)
			return
		}
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	got := relayOf(t.Context(), t, "http://"+serve(t, "127.0.0.1", nil, handler))
	assert.Nil(t, got.Failure)
	assert.Nil(t, got.Latency, "a connection that was left is not measured")
}

func TestHeadersWithoutEndAreCutOff(t *testing.T) {
	t.Parallel()
	flood := listen(t, "127.0.0.1:0")
	go func() {
		for {
			conn, err := flood.Accept()
			if err != nil {
				return
			}
			go func() {
				// An answer before the question would be none.
				_, _ = http.ReadRequest(bufio.NewReader(conn))
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
				for err := error(nil); err == nil; {
					_, err = conn.Write([]byte("X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
				}
				_ = conn.Close()
			}()
		}
	}()
	got := relayOf(t.Context(), t, "http://"+flood.Addr().String())
	require.NotNil(t, got.Failure)
	assert.Equal(t, facts.Protocol, got.Failure.Cause)
	assert.Contains(t, got.Failure.Message, "256 KiB")
}

func TestTheEndOfTheRunIsNoFailureOfAReplica(t *testing.T) {
	t.Parallel()
	mute := listen(t, "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	got := relayOf(ctx, t, "http://"+mute.Addr().String())
	require.NotNil(t, got.Failure)
	assert.Equal(t, facts.Interrupted, got.Failure.Cause)
	assert.Less(t, time.Since(begin), 400*time.Millisecond)
}

func TestWhatIsNotKnownIsNotDialed(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "ftp://10.0.0.1", "http://$(POD_IP):80", "http://:80"} {
		_, links := Probe(t.Context(), Options{Deployment: hosts("", url), Patience: Patience, ClusterPort: 1})
		assert.Nil(t, links[0].Relay, url)
	}
}
