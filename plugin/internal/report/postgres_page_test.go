package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func TestTheHistogramHasARowForEachSpan(t *testing.T) {
	t.Parallel()
	ms := time.Millisecond
	rows := histogram([]time.Duration{1 * ms, 1 * ms, 2 * ms, 11 * ms})
	require.Len(t, rows, histogramRows)
	assert.Equal(t, histogramRow{1 * ms, 3}, rows[0])
	assert.Equal(t, 1, rows[histogramRows-1].count)
	assert.Equal(t, []histogramRow{{3 * ms, 2}}, histogram([]time.Duration{3 * ms, 3 * ms}))

	var out bytes.Buffer
	writeHistogram(&out, &pgfacts.Latency{Samples: []time.Duration{1 * ms, 1 * ms, 2 * ms, 11 * ms}, Median: 1 * ms, Min: 1 * ms, P95: 11 * ms})
	assert.Contains(t, out.String(), "median 1.0 ms")
	assert.Equal(t, 1+histogramRows+1, strings.Count(out.String(), "\n"))
	assert.Contains(t, out.String(), strings.Repeat("█", 30)+" 3")
}

func TestThePageShowsEveryFact(t *testing.T) {
	t.Parallel()
	schema := "public"
	f := &pgfacts.Facts{
		Target: pgfacts.Target{URL: "postgres://coder:***@db:5432/coder", Origin: "./url"},
		Steps: []pgfacts.StepResult{
			{Step: pgfacts.DNS, Status: pgfacts.StepSkipped, Message: "the URL has an address"},
			{Step: pgfacts.TCP, Status: pgfacts.StepOK, Took: 2 * time.Millisecond, Address: "10.0.0.5:5432"},
		},
		Addresses: []pgfacts.Address{{Address: "10.0.0.5:5432"}, {Address: "10.0.0.6:5432", Error: "connection refused"}},
		TLS:       &pgfacts.TLS{Version: "TLS 1.3", Names: []string{"db"}, Unverified: "sslrootcert /ca is not on this machine"},
		Server:    &pgfacts.Server{VersionNum: 170010, Version: "17.10", Flavor: pgfacts.RDS, InRecovery: true, SystemIdentifier: "7", DatabaseOID: "5"},
		Proxy:     pgfacts.Proxy{Present: true, Name: "PgBouncer"},
		Role:      &pgfacts.Role{Name: "coder", Superuser: true, Schema: &schema, CanCreate: true},
		Capacity:  &pgfacts.Capacity{MaxConnections: 100, Reserved: 3, RoleLimit: -1, DatabaseLimit: 40},
		Timeouts:  []pgfacts.Timeout{{Name: "statement_timeout", Value: 30 * time.Second, Source: "role"}},
		PubSub:    &pgfacts.PubSub{Listening: true, Arrived: true, Took: time.Millisecond},
		Clock:     &pgfacts.Clock{Skew: -3 * time.Second},
		Coder: &pgfacts.Coder{
			Migration: &pgfacts.Migration{Version: 535, Dirty: true}, Unlogged: []string{"tailnet_peers"},
			Replicas: []pgfacts.ReplicaRow{{Hostname: "coder-0", Primary: true, Error: "Failed to dial peers"}, {Hostname: "coder-1", Primary: true, Age: time.Hour}},
		},
		Gaps:       []pgfacts.Gap{{Question: "flavor", Message: "permission denied"}},
		RoundTrips: [2]int{16, 8},
	}
	var out bytes.Buffer
	postgresPage(&out, facts.Postgres{Facts: f})
	for _, want := range []string{
		"postgres://coder:***@db:5432/coder", "from ./url", "not needed: the URL has an address", "2.0 ms at 10.0.0.5:5432", "10.0.0.6:5432: connection refused",
		"TLS 1.3", "not verified: sslrootcert /ca", "Amazon RDS 17.10, standby", "system 7, database 5", "PgBouncer", "coder (superuser), schema public, CREATE yes",
		"max 100, reserved 3", "of the database 40", "statement_timeout = 30s, set for the role", "NOTIFY arrived after 1.0 ms", "3.0 s behind that of this machine",
		"schema version 535, dirty", "tailnet_peers", "coder-0", "Failed to dial peers", "1 row of a replica that ended uncleanly", "flavor: permission denied", "16 round trips on one connection, 8 on another",
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestADatabaseIsShownAsItsPositionSeesIt(t *testing.T) {
	t.Parallel()
	found := []facts.Postgres{{Position: "coder-0", Facts: &pgfacts.Facts{Clock: &pgfacts.Clock{Skew: 3 * time.Second}, Server: &pgfacts.Server{VersionNum: 170000}}}}
	described := describePostgres(found)
	assert.Equal(t, "coder-0", described.Position)
	assert.Contains(t, htmlDatabases(described)[0].Lines, htmlLine{"clock", "3.0 s ahead of that of replica coder-0, give or take 0.00 ms"})
}
