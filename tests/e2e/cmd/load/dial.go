package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"
)

// dialTimeout is how long a connection may take to count as possible. Inside
// of one cluster it takes milliseconds; what a policy drops never comes.
const dialTimeout = time.Second

// dialAll tries tcp://HOST:PORT, a connection, and dns://HOST:PORT, a question
// over UDP, all at once. It prints a JSON object: for each target the error,
// empty where there is none.
func dialAll(ctx context.Context, targets []string) error {
	results := map[string]string{}
	var mu sync.Mutex
	var dials sync.WaitGroup
	for _, target := range targets {
		parsed, err := url.Parse(target)
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		try, known := map[string]func(context.Context, string) error{"tcp": connect, "dns": question}[parsed.Scheme]
		if !known {
			return fmt.Errorf("target %q: want tcp:// or dns://", target)
		}
		dials.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			text := ""
			if err := try(ctx, parsed.Host); err != nil {
				text = err.Error()
			}
			mu.Lock()
			defer mu.Unlock()
			results[target] = text
		})
	}
	dials.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

func connect(ctx context.Context, address string) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return connection.Close()
}

func question(ctx context.Context, server string) error {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server)
	}}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc.cluster.local.")
	return err
}

// accept lets connections to a port succeed, and does nothing with them.
func accept(ctx context.Context, port string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		_ = connection.Close()
	}
}
