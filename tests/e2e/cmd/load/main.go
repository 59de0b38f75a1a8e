// Command load sends steady requests to a Service from inside the cluster and
// reports on them over HTTP: POST /mark begins a new report, GET /report gives
// it as JSON. GET /dial?address=HOST:PORT tells whether a TCP connection from
// here succeeds, GET /get?url=URL what a request from here is answered.
//
// "load dial TARGET…" tries connections and prints what became of them, for
// pods that nothing but the kubelet reaches. "load look FILE…" prints the
// environment and the files that a container sees. "load forward PORT URL" passes
// requests on to somewhere else.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/tests/e2e/load"
)

func main() {
	url := flag.String("url", "", "what to ask; empty for no load")
	clients := flag.Int("clients", 8, "number of clients")
	interval := flag.Duration("interval", 10*time.Millisecond, "pause of a client between two requests")
	timeout := flag.Duration("timeout", 5*time.Second, "timeout of one request")
	also := flag.String("also", "", "further ports to accept connections on, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(1)
	}
	if run, is := map[string]func(context.Context, []string) error{"dial": dialAll, "look": look, "forward": forward}[flag.Arg(0)]; is {
		if err := run(ctx, flag.Args()[1:]); err != nil {
			fail(err)
		}
		return
	}
	for _, port := range strings.FieldsFunc(*also, func(r rune) bool { return r == ',' }) {
		go func() { fail(accept(ctx, port)) }()
	}
	l := load.New(load.Config{URL: *url, Clients: *clients, Interval: *interval, Timeout: *timeout})
	server := &http.Server{Addr: ":8080", Handler: handler(l), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if *url != "" {
		go l.Run(ctx)
	}
	if err := server.ListenAndServe(); ctx.Err() == nil {
		fail(err)
	}
}

func handler(l *load.Load) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /mark", func(http.ResponseWriter, *http.Request) { l.Mark() })
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(l.Report())
	})
	mux.HandleFunc("GET /dial", func(w http.ResponseWriter, r *http.Request) {
		dialer := &net.Dialer{Timeout: 3 * time.Second}
		connection, err := dialer.DialContext(r.Context(), "tcp", r.URL.Query().Get("address"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_ = connection.Close()
	})
	mux.HandleFunc("GET /get", func(w http.ResponseWriter, r *http.Request) {
		client := &http.Client{Timeout: 3 * time.Second}
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.Query().Get("url"), nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		response, err := client.Do(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	})
	return mux
}
