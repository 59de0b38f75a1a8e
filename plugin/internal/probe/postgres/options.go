// Package postgres asks a Postgres server what coderd will meet on it.
//
// A probe opens at most two connections, changes nothing but a LISTEN that it
// takes back, holds no lock and puts a time limit on each statement. It gathers
// facts and judges nothing.
package postgres

import (
	"context"
	"net"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// ApplicationName is how the probe shows in pg_stat_activity.
const ApplicationName = "coder-ha pre-flight"

// Limits that the probe keeps without being told.
const (
	// DefaultConnectTimeout bounds everything up to an open session. coderd
	// itself gives up after 30 s of tries (ConnectToPostgres in its cli/server.go).
	DefaultConnectTimeout = 10 * time.Second
	// statementTimeout bounds every statement on the server, lockTimeout the
	// wait for a lock that a running migration may hold.
	statementTimeout = 5 * time.Second
	lockTimeout      = time.Second
	// samples is how many round trips are measured. coderd's health check
	// takes the median of 5; 7 give a steadier one.
	samples = 7
	// closePatience is how long the server may take to see that the probe has
	// gone. It is a part of the half second in which Ctrl-C ends.
	closePatience = 300 * time.Millisecond
	// closeReserve is what the probe leaves of the caller's time for that.
	closeReserve = closePatience + 100*time.Millisecond
)

// Options say what to probe.
type Options struct {
	URL pgurl.URL
	// Origin says where the URL came from, for people.
	Origin string
	// InCluster says that the URL stands in Kubernetes objects, so that a short
	// host name is one of the cluster's.
	InCluster bool
	// Auth is CODER_PG_AUTH; empty is AuthPassword.
	Auth string
	// ConnectTimeout is DefaultConnectTimeout when it is 0.
	ConnectTimeout time.Duration
	// ForeignRoots says that the system's roots are not those of coderd's image: an
	// authority that they do not have may be one that coderd knows.
	ForeignRoots bool
	// ReadFile reads the files that the URL names; without it, those of this
	// machine.
	ReadFile func(ctx context.Context, path string) ([]byte, error)
	// Lookup and Dial replace the system's, for tests.
	Lookup func(ctx context.Context, host string) ([]string, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o Options) withDefaults() Options {
	if o.Auth == "" {
		o.Auth = pgfacts.AuthPassword
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.ReadFile == nil {
		o.ReadFile = func(ctx context.Context, path string) ([]byte, error) { return limits.ReadFile(ctx, path, limits.PEM) }
	}
	if o.Lookup == nil {
		o.Lookup = net.DefaultResolver.LookupHost
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return o
}

// bound is a context that ends after limit, or early enough before the caller's
// own deadline to close the connections and report what is known: a tenth of
// the time before it, at least closeReserve, but never more than half.
func bound(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		remaining := time.Until(deadline)
		limit = min(limit, remaining-min(max(remaining/10, closeReserve), remaining/2))
	}
	return context.WithTimeout(ctx, limit)
}
