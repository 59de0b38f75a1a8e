package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// forward passes requests on, from the port of the first argument to the URL of the
// second one. Like many a proxy, it passes on no change of the protocol.
func forward(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("forward PORT URL")
	}
	target, err := url.Parse(args[1])
	if err != nil {
		return fmt.Errorf("reading the target: %w", err)
	}
	server := &http.Server{
		Addr: net.JoinHostPort("", args[0]), ReadHeaderTimeout: 5 * time.Second,
		Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Connection")
			r.Out.Header.Del("Upgrade")
		}},
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return fmt.Errorf("forwarding: %w", err)
	}
	return nil
}
