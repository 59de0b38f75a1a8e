package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// shutdownTimeout is how long coderd lets requests in flight go on after its
// listener has closed.
const shutdownTimeout = 3 * time.Second

// server is coderd's HTTP side.
type server struct {
	servers   []*http.Server
	listeners []net.Listener
}

// newServer opens the listeners and answers nobody yet.
func newServer(ctx context.Context, o options) (*server, error) {
	s := &server{}
	if err := s.open(ctx, o); err != nil {
		s.closeListeners()
		return nil, err
	}
	return s, nil
}

func (s *server) open(ctx context.Context, o options) error {
	handler, err := routes(o)
	if err != nil {
		return err
	}
	if err := s.listen(ctx, o.httpAddress, handler, nil); err != nil {
		return err
	}
	if o.tlsAddress != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		for i := range o.certFiles {
			certificate, err := tls.LoadX509KeyPair(o.certFiles[i], o.keyFiles[i])
			if err != nil {
				return fmt.Errorf("load certificates: %w", err)
			}
			config.Certificates = append(config.Certificates, certificate)
		}
		if err := s.listen(ctx, o.tlsAddress, handler, config); err != nil {
			return err
		}
	}
	if o.prometheus == "" {
		return nil
	}
	metrics := http.NewServeMux()
	metrics.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE coderd_stand_in gauge\ncoderd_stand_in{version=%q} 1\n", version)
	})
	return s.listen(ctx, o.prometheus, metrics, nil)
}

func (s *server) listen(ctx context.Context, address string, handler http.Handler, config *tls.Config) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen %q: %w", address, err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	s.listeners = append(s.listeners, listener)
	s.servers = append(s.servers, &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute})
	return nil
}

func (s *server) serve() {
	for i, server := range s.servers {
		go func() { _ = server.Serve(s.listeners[i]) }()
	}
}

// closeListeners ends a server that may never have served.
func (s *server) closeListeners() {
	for _, listener := range s.listeners {
		_ = listener.Close()
	}
}

// close closes the listeners at once and the requests in flight after
// shutdownTimeout.
func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	var failures []error
	for _, server := range s.servers {
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// upgrade changes to DERP, as a relay does, and ends there: no relay is behind it.
func upgrade(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "derp") {
		http.Error(w, "DERP requires connection upgrade", http.StatusUpgradeRequired)
		return
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "HTTP does not support general TCP support", http.StatusInternalServerError)
		return
	}
	defer connection.Close()
	fmt.Fprint(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: DERP\r\nConnection: Upgrade\r\nDerp-Version: 2\r\n\r\n")
}

func routes(o options) (http.Handler, error) {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "OK") }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /latency-check", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		ok(w, r)
	})
	if o.derp {
		mux.HandleFunc("GET /derp/latency-check", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("GET /derp", upgrade)
	}
	if err := addAPI(mux, o); err != nil {
		return nil, err
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!doctype html><title>Coder stand-in</title>")
	})
	if !o.redirect {
		return mux, nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		exempt := r.URL.Path == "/healthz" || strings.HasPrefix(r.URL.Path, "/derp") || r.Header.Get("X-Coder-Relay-Source-Replica") != ""
		if exempt || r.Host == o.accessURL.Host {
			mux.ServeHTTP(w, r)
			return
		}
		target := *o.accessURL
		target.Path, target.RawQuery = r.URL.Path, r.URL.RawQuery
		http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect)
	}), nil
}
