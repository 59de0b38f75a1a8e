package postgres

import (
	"database/sql"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	// coderd connects with its fork of this driver.
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// TestThePreFlightAgreesWithTheDriver opens each URL with lib/pq itself. Where
// that gets a session the pre-flight must pass, and where it gets none the
// pre-flight must find an error.
func TestThePreFlightAgreesWithTheDriver(t *testing.T) {
	server := get(t, secured)
	insecure := get(t, plain)
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	require.NoError(t, os.WriteFile(ca, []byte(get(t, certificate).CA), 0o600))
	other, err := postgrestest.NewCertificate(time.Now().Add(time.Hour), "localhost")
	require.NoError(t, err)
	wrong := filepath.Join(dir, "wrong.crt")
	require.NoError(t, os.WriteFile(wrong, []byte(other.CA), 0o600))

	good := preflight.Database(t, server)
	u, err := url.Parse(good)
	require.NoError(t, err)
	password, _ := u.User.Password()
	at := func(host, query string) string {
		return preflight.Change(t, good, func(u *url.URL) {
			u.Host, u.RawQuery = net.JoinHostPort(host, u.Port()), query
		})
	}
	user, name := u.User.Username(), preflight.DatabaseOf(t, good)
	keyValue := "host=" + u.Hostname() + " port=" + u.Port() + " user=" + user + " dbname=" + name
	open := preflight.Database(t, insecure)
	for name, raw := range map[string]string{
		"no sslmode":                           at("127.0.0.1", ""),
		"disable":                              at("127.0.0.1", "sslmode=disable"),
		"require":                              at("127.0.0.1", "sslmode=require"),
		"prefer":                               at("127.0.0.1", "sslmode=prefer"),
		"allow":                                at("127.0.0.1", "sslmode=allow"),
		"an unknown mode":                      at("127.0.0.1", "sslmode=yes"),
		"verify-full by name":                  at("localhost", "sslmode=verify-full&sslrootcert="+ca),
		"verify-full by address":               at("127.0.0.1", "sslmode=verify-full&sslrootcert="+ca),
		"verify-ca by address":                 at("127.0.0.1", "sslmode=verify-ca&sslrootcert="+ca),
		"verify-ca with another authority":     at("127.0.0.1", "sslmode=verify-ca&sslrootcert="+wrong),
		"verify-ca with the system's":          at("127.0.0.1", "sslmode=verify-ca"),
		"require with an authority":            at("127.0.0.1", "sslmode=require&sslrootcert="+ca),
		"require with another authority":       at("127.0.0.1", "sslmode=require&sslrootcert="+wrong),
		"require with a missing authority":     at("127.0.0.1", "sslmode=require&sslrootcert=/no/such/file"),
		"a parameter for the server":           at("127.0.0.1", "search_path=public&application_name=me"),
		"a parameter that the server lacks":    at("127.0.0.1", "no_such_parameter=1"),
		"no TLS at the server":                 preflight.Change(t, open, func(u *url.URL) { u.RawQuery = "" }),
		"an unescaped password":                strings.Replace(good, u.User.String(), user+":"+password, 1),
		"a port that is no number":             strings.Replace(good, ":"+u.Port(), ":five", 1),
		"two hosts":                            strings.Replace(good, u.Host, u.Host+","+u.Host, 1),
		"an IPv6 address without a port":       strings.Replace(good, u.Host, "[::1]", 1),
		"the scheme postgresql":                strings.Replace(good, "postgres://", "postgresql://", 1),
		"the scheme in capitals":               strings.Replace(good, "postgres://", "POSTGRES://", 1),
		"key=value":                            keyValue + " password='" + password + "' sslmode=require",
		"key=value with a wrong TLS mode":      keyValue + " password='" + password + "' sslmode=prefer",
		"user and password in the query":       "postgres://" + u.Host + "/" + name + "?user=" + user + "&password=" + url.QueryEscape(password),
		"a Unix socket in the query":           "postgres://" + user + ":" + url.QueryEscape(password) + "@/" + name + "?host=" + server.Dir + "&port=" + u.Port(),
		"the server by a name with a last dot": at("localhost.", "sslmode=require"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opens := driverOpens(t, raw)
			got := preflight.Ask(t, raw)
			if opens {
				assert.Equal(t, 0, got.Code, "lib/pq connects: %v", got.Failed("error"))
			} else {
				assert.Equal(t, 1, got.Code, "lib/pq does not connect: %s", got.Stdout)
			}
		})
	}
}

// driverOpens says whether lib/pq gets a session, after the one thing that
// coderd does first: a URL that does not parse as one has its password escaped.
func driverOpens(t *testing.T, raw string) bool {
	t.Helper()
	if _, err := url.Parse(raw); err != nil {
		if !strings.Contains(err.Error(), "invalid userinfo") && !strings.Contains(err.Error(), "invalid port") {
			return false
		}
		start, rest, _ := strings.Cut(raw, "@")
		colon := strings.LastIndex(start, ":")
		raw = start[:colon+1] + url.PathEscape(start[colon+1:]) + "@" + rest
	}
	db, err := sql.Open("postgres", raw)
	if err != nil {
		return false
	}
	defer func() { assert.NoError(t, db.Close()) }()
	return db.PingContext(t.Context()) == nil
}
