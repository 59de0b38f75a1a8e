package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/probe/mesh"
)

// headTime bounds how long the head of a request may take.
const headTime = 10 * time.Second

// server is what peers meet.
type server struct {
	run, identity string
	// foreign counts the requests of others.
	foreign atomic.Int64
}

// start listens everywhere, and says of each address that failed why.
func (s *server) start(ctx context.Context, b Begin) map[string]string {
	s.run, s.identity = b.Run, b.Identity
	failed := map[string]string{}
	for _, l := range b.Listeners {
		if err := s.serveHTTP(ctx, l); err != nil {
			failed[l.Address] = cause(err)
		}
	}
	if b.ClusterHost != "" {
		address := net.JoinHostPort(b.ClusterHost, strconv.Itoa(b.ClusterPort))
		if err := s.serveCluster(ctx, address); err != nil {
			failed[address] = cause(err)
		}
	}
	return failed
}

// cause is what the system says, without the address.
func cause(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

func (s *server) serveHTTP(ctx context.Context, l Listener) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Address)
	if err != nil {
		return err
	}
	if len(l.Certs) > 0 {
		config, err := tlsConfig(l)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: headTime}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}

// tlsConfig presents the certificates that coderd would.
func tlsConfig(l Listener) (*tls.Config, error) {
	if len(l.Certs) != len(l.Keys) {
		return nil, fmt.Errorf("%d certificate files for %d keys", len(l.Certs), len(l.Keys))
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	for i, path := range l.Certs {
		pair, err := tls.LoadX509KeyPair(path, l.Keys[i])
		if err != nil {
			return nil, fmt.Errorf("the certificate %s cannot be used with its key", path)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	return config, nil
}

// handler answers agents of the run as a relay does, and nobody else.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+mesh.LatencyPath, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET "+mesh.DERPPath, s.upgrade)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(mesh.RunHeader) != s.run {
			s.foreign.Add(1)
			w.Header().Set("Connection", "close")
			http.Error(w, "this is a pod of helm coder-ha --in-cluster, not a replica of Coder", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set(mesh.IdentityHeader, s.identity)
		mux.ServeHTTP(w, r)
	})
}

// upgrade changes to DERP, and leaves it at that.
func (s *server) upgrade(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "DERP" {
		w.WriteHeader(http.StatusUpgradeRequired)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\nDerp-Version: 2\r\n%s: %s\r\n\r\n", mesh.IdentityHeader, s.identity)
}

// serveCluster greets as a server of NATS does, with the identity.
func (s *server) serveCluster(ctx context.Context, address string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.greet(conn)
		}
	}()
	return nil
}

func (s *server) greet(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(headTime))
	if _, err := io.WriteString(conn, mesh.InfoPrefix+s.identity+"\r\n"); err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, conn)
}
