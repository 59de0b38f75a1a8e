// Package postgres tries `coder-ha postgres` against real servers.
package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
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

func get[T any](t testing.TB, make func() (T, error)) T {
	t.Helper()
	v, err := make()
	require.NoError(t, err)
	return v
}

// database makes a database and a role of its own on a server, and returns the
// URL of that role.
func database(t testing.TB, s *postgrestest.Server, statements ...string) string {
	t.Helper()
	name := "d" + strings.ToLower(rand.Text()[:10])
	raw, err := s.CreateDatabase(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, s.Exec(t.Context(), name, statements...))
	return raw
}

// change changes one part of a URL.
func change(t testing.TB, raw string, with func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	with(u)
	return u.String()
}

// through leads a URL to another address.
func through(t testing.TB, raw, address string) string {
	t.Helper()
	return change(t, raw, func(u *url.URL) { u.Host = address })
}

// with sets parameters of a URL.
func with(t testing.TB, raw string, name, value string) string {
	t.Helper()
	return change(t, raw, func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	})
}

func databaseOf(t testing.TB, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u.Path[1:]
}
