package postgres

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

var unreachable = []string{"postgres-unreachable"}

func TestAGoodDatabasePassesEverything(t *testing.T) {
	t.Parallel()
	got := preflight.Ask(t, preflight.Database(t, get(t, plain)), "--strict", "--fail-on", "warning")
	got.Expect(t, nil, nil)
	assert.Equal(t, "pass", got.Verdict)
	assert.True(t, got.Postgres.Reachable)
	assert.Empty(t, got.Postgres.Facts[0].Gaps)
	assert.Contains(t, got.Note(t, "postgres-pooler"), "NOTIFY arrived")
	assert.Contains(t, got.Note(t, "postgres-connections"), "fit")
}

func TestTheStepThatFailsIsNamed(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	good := preflight.Database(t, server)
	name := preflight.DatabaseOf(t, good)
	closed := get(t, func() (*postgrestest.Proxy, error) {
		p, err := postgrestest.StartProxy(t.Context(), "127.0.0.1:1", postgrestest.ProxyOptions{})
		if err == nil {
			p.Close()
		}
		return p, err
	})
	barred := preflight.Database(t, server, "REVOKE CONNECT ON DATABASE "+name+" FROM PUBLIC")
	require.NoError(t, server.Exec(t.Context(), "postgres", "CREATE ROLE nologin_"+name+" PASSWORD '"+server.Password+"'"))
	for _, tc := range []struct {
		name, url, step, says, remedy string
	}{
		{"no such host", preflight.Change(t, good, func(u *url.URL) { u.Host = "db.invalid:5432" }), "DNS", "no such host", "host name"},
		{"a refused port", preflight.Through(t, good, closed.Address()), "TCP", "connection refused", "listen_addresses"},
		{"a wrong password", preflight.Change(t, good, func(u *url.URL) { u.User = url.UserPassword(name, "Wr0ng-pa55word") }), "authentication", "password authentication failed", "password"},
		{"no such role", preflight.Change(t, good, func(u *url.URL) { u.User = url.UserPassword("nobody_"+name, server.Password) }), "authentication", "28P01", "role"},
		{"a role that may not log in", preflight.Change(t, good, func(u *url.URL) { u.User = url.UserPassword("nologin_"+name, server.Password) }), "authentication", "not permitted to log in", "LOGIN"},
		{"no such database", preflight.Change(t, good, func(u *url.URL) { u.Path = "/missing_" + name }), "database", "does not exist", "CREATE DATABASE"},
		{"no right to connect", preflight.Change(t, barred, func(u *url.URL) { u.Path = "/" + name }), "permission", "permission denied for database", "GRANT CONNECT"},
		{"no TLS where the URL wants it", preflight.With(t, good, "sslmode", "require"), "TLS", "does not offer TLS", "sslmode=disable"},
		{"a parameter that the server lacks", preflight.With(t, good, "target_session_attrs", "read-write"), "database", "unrecognized configuration parameter", "target_session_attrs"},
		{"TLS by default", preflight.Change(t, good, func(u *url.URL) { u.RawQuery = "" }), "TLS", "does not offer TLS", "sslmode=disable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Ask(t, tc.url)
			got.Expect(t, unreachable, nil)
			assert.Equal(t, tc.step, got.Step(t))
			assert.Contains(t, got.Message(t, "postgres-unreachable"), tc.says)
			assert.Contains(t, got.Stdout, tc.remedy)
		})
	}
}

func TestASilentServerEndsWithItsStep(t *testing.T) {
	t.Parallel()
	good := preflight.Database(t, get(t, plain))
	silence := 0
	silent, err := postgrestest.StartProxy(t.Context(), get(t, plain).Address(), postgrestest.ProxyOptions{Silence: &silence})
	require.NoError(t, err)
	t.Cleanup(silent.Close)
	for _, tc := range []struct {
		name, url, step string
		args            []string
	}{
		{"before TLS", preflight.With(t, preflight.Through(t, good, silent.Address()), "sslmode", "require"), "TLS", []string{"--connect-timeout", "500ms"}},
		{"before authentication", preflight.Through(t, good, silent.Address()), "authentication", []string{"--connect-timeout", "500ms"}},
		{"within --timeout alone", preflight.Through(t, good, silent.Address()), "authentication", []string{"--timeout", "1s"}},
		{"dropped packets", preflight.Through(t, good, fullBacklog(t)), "TCP", []string{"--timeout", "1s"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Ask(t, tc.url, tc.args...)
			got.Expect(t, unreachable, nil)
			assert.Equal(t, tc.step, got.Step(t))
			assert.Contains(t, got.Message(t, "postgres-unreachable"), "no answer within")
			assert.Less(t, got.Took, 3*time.Second)
		})
	}
}

// fullBacklog is an address whose packets the kernel drops: its queue of
// connections is full and nobody takes them off.
func fullBacklog(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Close(fd)) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}).String()
	for range 8 {
		conn, err := (&net.Dialer{Timeout: 200 * time.Millisecond}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	require.Fail(t, "the queue does not fill up")
	return ""
}

func TestServersRefuseTheirWay(t *testing.T) {
	t.Parallel()
	rejecting, err := start(postgrestest.Options{HBA: []string{"local all all trust", "hostssl all all 127.0.0.1/32 scram-sha-256"}})
	require.NoError(t, err)
	got := preflight.Ask(t, rejecting.URL("coder", rejecting.Password, "coder"))
	got.Expect(t, unreachable, nil)
	assert.Equal(t, "authentication", got.Step(t))
	assert.Contains(t, got.Message(t, "postgres-unreachable"), "no pg_hba.conf entry")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := get(t, secured)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	require.NoError(t, os.WriteFile(ca, []byte(get(t, certificate).CA), 0o600))
	other, err := postgrestest.NewCertificate(time.Now().Add(time.Hour), "localhost")
	require.NoError(t, err)
	wrongCA := filepath.Join(dir, "wrong.crt")
	require.NoError(t, os.WriteFile(wrongCA, []byte(other.CA), 0o600))

	good := preflight.With(t, preflight.Database(t, server), "sslmode", "require")
	named := func(host string) string {
		return preflight.Change(t, good, func(u *url.URL) { u.Host = net.JoinHostPort(host, u.Port()) })
	}
	tls := func(raw, mode, root string) string {
		raw = preflight.With(t, raw, "sslmode", mode)
		if root != "" {
			raw = preflight.With(t, raw, "sslrootcert", root)
		}
		return raw
	}
	for _, tc := range []struct {
		name, url string
		verified  bool
		says      string
	}{
		{"require checks nothing", tls(good, "require", ""), false, ""},
		{"require with an authority checks the chain", tls(named("localhost"), "require", ca), true, ""},
		{"verify-ca does not mind the host", tls(good, "verify-ca", ca), true, ""},
		{"verify-full with the right host", tls(named("localhost"), "verify-full", ca), true, ""},
		{"verify-full with another host", tls(good, "verify-full", ca), false, "doesn't contain any IP SANs"},
		{"verify-ca without an authority", tls(good, "verify-ca", ""), false, "unknown authority"},
		{"verify-ca with another authority", tls(good, "verify-ca", wrongCA), false, "unknown authority"},
		{"require with another authority", tls(good, "require", wrongCA), false, "unknown authority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Ask(t, tc.url)
			if tc.says != "" {
				got.Expect(t, unreachable, nil)
				assert.Equal(t, "TLS", got.Step(t))
				assert.Contains(t, got.Message(t, "postgres-unreachable"), tc.says)
				return
			}
			got.Expect(t, nil, nil)
			require.NotNil(t, got.Postgres.Facts[0].TLS)
			assert.Equal(t, tc.verified, got.Postgres.Facts[0].TLS.Verified)
			assert.WithinDuration(t, time.Now().Add(12*time.Hour), got.Postgres.Facts[0].TLS.NotAfter, time.Hour)
		})
	}
	t.Run("an authority that is on coderd's machine only", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, tls(good, "verify-full", "/no/such/ca.crt"))
		got.Expect(t, nil, nil)
		assert.Contains(t, got.Skipped(t, "postgres-unreachable"), "sslrootcert /no/such/ca.crt is not on this machine")
	})
	t.Run("IAM proves what it can", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, good, "--postgres-auth", "awsiamrds")
		got.Expect(t, nil, nil)
		assert.Contains(t, got.Skipped(t, "postgres-unreachable"), "awsiamrds")
		assert.Equal(t, 1, preflight.Ask(t, good, "--postgres-auth", "awsiamrds", "--strict").Code)
	})
}

func TestAnExpiredCertificateIsRefusedWhereItIsVerified(t *testing.T) {
	t.Parallel()
	c, err := postgrestest.NewCertificate(time.Now().Add(-time.Hour), "127.0.0.1")
	require.NoError(t, err)
	server, err := start(postgrestest.Options{Certificate: c})
	require.NoError(t, err)
	ca := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(ca, []byte(c.CA), 0o600))
	good := preflight.With(t, preflight.Database(t, server), "sslmode", "require")
	preflight.Ask(t, good).Expect(t, nil, nil)
	got := preflight.Ask(t, preflight.With(t, preflight.With(t, good, "sslmode", "verify-full"), "sslrootcert", ca))
	got.Expect(t, unreachable, nil)
	assert.Contains(t, got.Message(t, "postgres-unreachable"), "expired")
}

func TestASocketIsAskedToo(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	raw := preflight.Change(t, preflight.Database(t, server), func(u *url.URL) {
		u.RawQuery = url.Values{"host": {server.Dir}, "port": {u.Port()}}.Encode()
		u.Host = ""
	})
	preflight.Ask(t, raw).Expect(t, nil, nil)
}
