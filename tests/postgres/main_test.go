// Package postgres tries `coder-ha postgres` against real servers.
package postgres

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// startTime bounds the start of one server on a busy machine.
const startTime = time.Minute

// started are the servers that several tests share; TestMain ends them.
var started struct {
	mu   sync.Mutex
	stop []func() error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range started.stop {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func keep(stop func() error) {
	started.mu.Lock()
	defer started.mu.Unlock()
	started.stop = append(started.stop, stop)
}

// start starts a server that lives as long as the tests.
func start(o postgrestest.Options) (*postgrestest.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	s, err := postgrestest.Start(ctx, o)
	if err == nil {
		keep(s.Stop)
	}
	return s, err
}

// plain is a primary without TLS.
var plain = sync.OnceValues(func() (*postgrestest.Server, error) { return start(postgrestest.Options{}) })

// standby streams from plain.
var standby = sync.OnceValues(func() (*postgrestest.Server, error) {
	primary, err := plain()
	if err != nil {
		return nil, err
	}
	return start(postgrestest.Options{StandbyOf: primary})
})

// serverNames are those that the certificate of secured has.
var serverNames = []string{"localhost", "db.localhost"}

var certificate = sync.OnceValues(func() (*postgrestest.Certificate, error) {
	return postgrestest.NewCertificate(time.Now().Add(12*time.Hour), serverNames...)
})

// secured offers TLS, and takes connections without it too.
var secured = sync.OnceValues(func() (*postgrestest.Server, error) {
	c, err := certificate()
	if err != nil {
		return nil, err
	}
	return start(postgrestest.Options{Certificate: c})
})

func get[T any](t testing.TB, from func() (T, error)) T {
	t.Helper()
	v, err := from()
	require.NoError(t, err)
	return v
}
