package postgres

import (
	"bytes"
	"crypto/tls"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

func TestLatencyIsSummarized(t *testing.T) {
	t.Parallel()
	ms := func(n ...int) []time.Duration {
		var out []time.Duration
		for _, i := range n {
			out = append(out, time.Duration(i)*time.Millisecond)
		}
		return out
	}
	l := pgfacts.NewLatency(ms(9, 1, 5, 3, 5))
	assert.Equal(t, []time.Duration{l.Min, l.Median, l.P95, l.Jitter}, ms(1, 5, 9, 4))
	assert.Equal(t, ms(9, 1, 5, 3, 5), l.Samples)
	assert.Equal(t, ms(4)[0], pgfacts.NewLatency(ms(2, 6)).Median)
	one := pgfacts.NewLatency(ms(3))
	assert.Equal(t, []time.Duration{one.Min, one.Median, one.P95, one.Jitter}, ms(3, 3, 3, 0))
}

func TestARefusalBelongsToItsStep(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		code, message string
		until, want   pgfacts.Step
	}{
		{"28P01", "password authentication failed for user", pgfacts.Authentication, pgfacts.Authentication},
		{"28000", "no pg_hba.conf entry for host", pgfacts.Authentication, pgfacts.Authentication},
		{"3D000", "database \"x\" does not exist", pgfacts.Database, pgfacts.Database},
		{"53300", "sorry, too many clients already", pgfacts.Authentication, pgfacts.Database},
		{"57P03", "the database system is starting up", pgfacts.Authentication, pgfacts.Database},
		{"42501", "permission denied for database", pgfacts.Database, pgfacts.Permission},
		{"08P01", "SASL authentication failed", pgfacts.Database, pgfacts.Authentication},
		{"08P01", "no such database: coder", pgfacts.Authentication, pgfacts.Database},
		{"XX000", "anything", pgfacts.Database, pgfacts.Database},
	} {
		got := startStep(&pgconn.PgError{Code: tc.code, Message: tc.message}, tc.until)
		assert.Equal(t, tc.want, got, tc.message)
	}
}

func TestFlavorsShowThemselves(t *testing.T) {
	t.Parallel()
	const pg = "PostgreSQL 17.1 on x86_64"
	for _, tc := range []struct {
		banner, host, sign string
		want               pgfacts.Flavor
	}{
		{pg, "db.example.com", "", pgfacts.Plain},
		{pg, "db.example.com", "cluster 17/main", pgfacts.Plain},
		{pg, "x.cluster-abc.eu-west-1.rds.amazonaws.com", "", pgfacts.Aurora},
		{pg, "10.0.0.1", "function aurora_version", pgfacts.Aurora},
		{pg, "x.abc.eu-west-1.rds.amazonaws.com", "", pgfacts.RDS},
		{pg, "10.0.0.1", "role rds_superuser", pgfacts.RDS},
		{pg, "10.0.0.1", "setting cloudsql.iam_authentication", pgfacts.CloudSQL},
		{pg, "10.0.0.1", "role alloydbsuperuser", pgfacts.AlloyDB},
		{pg, "x.postgres.database.azure.com", "", pgfacts.Azure},
		{pg, "coder-db-rw", "setting cnpg.config_sha256", pgfacts.CloudNative},
		{pg, "patroni-primary", "", pgfacts.Patroni},
		{"CockroachDB CCL v24.1", "x", "", pgfacts.CockroachDB},
		{"PostgreSQL 11.2-YB-2.20 on x86_64", "x", "", pgfacts.YugabyteDB},
	} {
		assert.Equal(t, tc.want, flavor(tc.banner, tc.host, map[string]bool{tc.sign: true}), tc.host+tc.sign)
	}
	assert.False(t, pgfacts.CockroachDB.Supported())
	assert.False(t, pgfacts.YugabyteDB.Supported())
	assert.True(t, pgfacts.Flavor("something new").Supported())
}

func TestAPoolerIsNamedByItsHostOrPort(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		host    string
		port    int
		present bool
		want    string
	}{
		{"coder-pooler.neon.tech", 5432, false, "the provider's pooler"},
		{"x.proxy-abc.eu-west-1.rds.amazonaws.com", 5432, false, "RDS Proxy"},
		{"db.example.com", 6432, true, "PgBouncer"},
		{"db.example.com", 6432, false, ""},
		{"db.example.com", 5432, true, ""},
	} {
		f := pgfacts.Facts{Target: pgfacts.Target{Host: tc.host, Port: tc.port}, Proxy: pgfacts.Proxy{Present: tc.present}}
		nameProxyByHost(&f)
		assert.Equal(t, tc.want, f.Proxy.Name, tc.host)
	}
}

func TestTheEndOfAuthenticationIsSeenInPieces(t *testing.T) {
	t.Parallel()
	sasl := append([]byte{'R', 0, 0, 0, 10, 0, 0, 0, 10}, 0, 0)
	ok := []byte{'R', 0, 0, 0, 8, 0, 0, 0, 0, 'Z', 0, 0, 0, 5, 'I'}
	before := &authWatch{Reader: iotest.OneByteReader(bytes.NewReader(sasl))}
	_, err := io.ReadAll(before)
	require.NoError(t, err)
	assert.Zero(t, before.at)
	after := &authWatch{Reader: iotest.OneByteReader(bytes.NewReader(append(sasl, ok...)))}
	_, err = io.ReadAll(after)
	require.NoError(t, err)
	assert.NotZero(t, after.at)
}

func TestTLSFollowsTheDriver(t *testing.T) {
	t.Parallel()
	missing := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	for name, tc := range map[string]struct {
		params             string
		verify, verifyHost bool
		left               string
	}{
		"require checks nothing":                         {"sslmode=require", false, false, ""},
		"nothing is require":                             {"", false, false, ""},
		"require does not mind a missing root":           {"sslmode=require&sslrootcert=/ca.pem", false, false, ""},
		"verify-ca checks the chain":                     {"sslmode=verify-ca", true, false, ""},
		"verify-full checks the host":                    {"sslmode=verify-full", true, true, ""},
		"a root that is on coderd's machine is left out": {"sslmode=verify-full&sslrootcert=/ca.pem", true, true, "sslrootcert /ca.pem is not on this machine"},
		"so is a client certificate":                     {"sslcert=/c.pem&sslkey=/k.pem", false, false, "sslcert /c.pem is not on this machine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, err := pgurl.Parse("postgres://coder@db.example/coder?" + tc.params)
			require.NoError(t, err)
			plan, err := planTLS(u, missing)
			require.NoError(t, err)
			assert.Equal(t, tc.verify, plan.verify)
			assert.Equal(t, tc.verifyHost, plan.verifyHost)
			assert.Equal(t, tc.left, plan.left)
			assert.Equal(t, "db.example", plan.config.ServerName)
			assert.Equal(t, uint16(tls.VersionTLS12), plan.config.MinVersion)
		})
	}
}

func TestARootThatIsNoCertificateIsRefused(t *testing.T) {
	t.Parallel()
	u, err := pgurl.Parse("postgres://coder@db.example/coder?sslmode=verify-full&sslrootcert=/ca.pem")
	require.NoError(t, err)
	_, err = planTLS(u, func(string) ([]byte, error) { return []byte("no PEM"), nil })
	require.ErrorContains(t, err, "holds no PEM certificate")
}

func TestARelayAddressIsKeptWithoutItsUser(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "http://10.0.0.1:8080", withoutUser("http://10.0.0.1:8080"))
	assert.Equal(t, "http://10.0.0.1:8080", withoutUser("http://me:pw@10.0.0.1:8080"))
	assert.Equal(t, "http://$(POD_IP):8080", withoutUser("http://$(POD_IP):8080"))
}
