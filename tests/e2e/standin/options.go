package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// options are coderd's settings that another replica, Kubernetes or Postgres
// can tell the effect of.
type options struct {
	accessURL   *url.URL
	redirect    bool
	httpAddress string
	tlsAddress  string
	certFiles   []string
	keyFiles    []string
	relayURL    string
	clusterHost string
	regionID    int
	derp        bool
	postgres    string
	maxOpen     int
	prometheus  string
	natsPubsub  bool
	hostname    string
}

func readOptions(getenv func(string) string) (options, error) {
	get := func(name, otherwise string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return otherwise
	}
	var o options
	var err error
	relay, err := url.Parse(getenv("CODER_DERP_SERVER_RELAY_URL"))
	if err != nil {
		return o, fmt.Errorf("parse \"DERP Server Relay URL\": %w", err)
	}
	o.relayURL = relay.String()
	if o.accessURL, err = url.Parse(getenv("CODER_ACCESS_URL")); err != nil {
		return o, fmt.Errorf("parse \"Access URL\": %w", err)
	}
	if o.accessURL.String() == "" {
		return o, errors.New("the stand-in has no tunnel: set CODER_ACCESS_URL")
	}
	if o.accessURL.Scheme != "http" && o.accessURL.Scheme != "https" {
		return o, fmt.Errorf("access-url must include a scheme (e.g. 'http://' or 'https://): %q", o.accessURL)
	}
	if o.postgres = getenv("CODER_PG_CONNECTION_URL"); o.postgres == "" {
		return o, errors.New("the stand-in has no built-in Postgres: set CODER_PG_CONNECTION_URL")
	}
	for name, target := range map[string]*bool{"CODER_REDIRECT_TO_ACCESS_URL": &o.redirect, "CODER_DERP_SERVER_ENABLE": &o.derp} {
		if *target, err = strconv.ParseBool(get(name, strconv.FormatBool(name == "CODER_DERP_SERVER_ENABLE"))); err != nil {
			return o, fmt.Errorf("parse %s: %w", name, err)
		}
	}
	for name, number := range map[string]struct {
		target    *int
		otherwise string
	}{
		"CODER_DERP_SERVER_REGION_ID": {&o.regionID, "999"}, "CODER_PG_CONN_MAX_OPEN": {&o.maxOpen, "10"},
	} {
		if *number.target, err = strconv.Atoi(get(name, number.otherwise)); err != nil {
			return o, fmt.Errorf("parse %s: %w", name, err)
		}
	}
	if o.maxOpen < 1 {
		return o, errors.New("CODER_PG_CONN_MAX_OPEN must be greater than 0")
	}
	o.httpAddress = get("CODER_HTTP_ADDRESS", "127.0.0.1:3000")
	if err := o.readTLS(getenv, get); err != nil {
		return o, err
	}
	if enabled, _ := strconv.ParseBool(getenv("CODER_PROMETHEUS_ENABLE")); enabled {
		o.prometheus = get("CODER_PROMETHEUS_ADDRESS", "127.0.0.1:2112")
	}
	// Without a cluster host the relay URL's is taken; with neither, and with
	// the experiment, events go through Postgres and nothing listens.
	o.clusterHost = get("CODER_CLUSTER_HOST", relay.Hostname())
	o.natsPubsub = o.clusterHost != "" && !strings.Contains(getenv("CODER_EXPERIMENTS"), "no_nats_pubsub")
	o.hostname = hostname()
	return o, nil
}

func (o *options) readTLS(getenv func(string) string, get func(string, string) string) error {
	if enabled, _ := strconv.ParseBool(getenv("CODER_TLS_ENABLE")); !enabled {
		return nil
	}
	o.tlsAddress = get("CODER_TLS_ADDRESS", "127.0.0.1:3443")
	split := func(name string) []string {
		return strings.FieldsFunc(getenv(name), func(r rune) bool { return r == ',' })
	}
	o.certFiles, o.keyFiles = split("CODER_TLS_CERT_FILE"), split("CODER_TLS_KEY_FILE")
	if len(o.certFiles) != len(o.keyFiles) {
		return errors.New("--tls-cert-file and --tls-key-file must be used the same amount of times")
	}
	if len(o.certFiles) == 0 {
		return errors.New("the stand-in makes no certificate of its own: set CODER_TLS_CERT_FILE")
	}
	return nil
}

// hostname is the machine's name as coderd writes it to the database.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	return name
}

// natsPort is where replicas form pubsub routes.
const natsPort = 6222

// listenCluster binds the replica's own cluster address, as the built-in NATS
// server does: an address that is not this pod's is fatal.
func listenCluster(ctx context.Context, o options) (net.Listener, error) {
	if !o.natsPubsub {
		return nil, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(o.clusterHost, strconv.Itoa(natsPort)))
	if err != nil {
		return nil, fmt.Errorf("create nats pubsub: embedded nats server not ready within 10s (%w)", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Write([]byte("INFO {}\r\n"))
			_ = connection.Close()
		}
	}()
	return listener, nil
}
