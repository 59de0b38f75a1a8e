package preflight

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// Database makes a database and a role of its own on a server, and returns the
// URL of that role.
func Database(t testing.TB, s *postgrestest.Server, statements ...string) string {
	t.Helper()
	name := "d" + strings.ToLower(rand.Text()[:10])
	raw, err := s.CreateDatabase(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, s.Exec(t.Context(), name, statements...))
	return raw
}

// Change changes one part of a URL.
func Change(t testing.TB, raw string, with func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	with(u)
	return u.String()
}

// Through leads a URL to another address.
func Through(t testing.TB, raw, address string) string {
	t.Helper()
	return Change(t, raw, func(u *url.URL) { u.Host = address })
}

// With sets parameters of a URL.
func With(t testing.TB, raw string, name, value string) string {
	t.Helper()
	return Change(t, raw, func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	})
}

// DatabaseOf is the name of a URL's database.
func DatabaseOf(t testing.TB, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u.Path[1:]
}
