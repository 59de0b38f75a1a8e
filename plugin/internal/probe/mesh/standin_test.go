package mesh

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// relayMux answers as coderd's relay does.
func relayMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /derp/latency-check", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /derp", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "DERP" || r.Header.Get("Connection") != "Upgrade" {
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\nDerp-Version: 2\r\n\r\nbinary follows"))
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) })
	return mux
}

// serve serves on a loopback address, over TLS where there is a configuration, and
// returns HOST:PORT.
func serve(t *testing.T, ip string, config *tls.Config, handler http.Handler) string {
	t.Helper()
	listener := listen(t, ip+":0")
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return listener.Addr().String()
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// certificate is a self-signed one for a name.
func certificate(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// hosts are replicas with relay URLs, on which NATS is on.
func hosts(accessURL string, relays ...string) *deployment.Deployment {
	d := &deployment.Deployment{Version: coder.ParseVersion("2.38")}
	for i, relay := range relays {
		set := func(text string) deployment.Value {
			return deployment.Value{State: deployment.Known, Text: deployment.Text(text)}
		}
		name := []string{"coder-1", "coder-2", "coder-3"}[i]
		d.Workloads = append(d.Workloads, deployment.Workload{Kind: "host", Name: name, Replicas: 1, Host: &deployment.Host{}})
		d.Replicas = append(d.Replicas, deployment.Replica{Name: name, Workload: i, Variables: map[string]deployment.Value{
			coder.AccessURL: set(accessURL), coder.RelayURL: set(relay),
		}})
	}
	return d
}

// relayOf asks the one relay behind a URL.
func relayOf(ctx context.Context, t *testing.T, url string) *facts.Answer {
	t.Helper()
	o := Options{Deployment: hosts("https://coder.invalid", url), Patience: 500 * time.Millisecond, ClusterPort: 1}
	_, links := Probe(ctx, o)
	require.NotNil(t, links[0].Relay)
	return links[0].Relay
}
