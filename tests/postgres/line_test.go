package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// delayed is a URL whose server is one round trip farther away.
func delayed(t testing.TB, server *postgrestest.Server, raw string, roundTrip time.Duration) (string, *postgrestest.Proxy) {
	t.Helper()
	p, err := postgrestest.StartProxy(t.Context(), server.Address(), postgrestest.ProxyOptions{Delay: roundTrip / 2})
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return preflight.Through(t, raw, p.Address()), p
}

func TestASlowLineIsJudgedByItsMedian(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	raw := preflight.Database(t, server)
	latency := []string{"postgres-latency"}
	for _, tc := range []struct {
		name             string
		roundTrip        time.Duration
		args             []string
		errors, warnings []string
		says             string
	}{
		{"20 ms", 20 * time.Millisecond, []string{"--postgres-latency-error", "1m"}, nil, latency, "EDB02"},
		{"70 ms", 70 * time.Millisecond, nil, latency, nil, "the latency to the database is too high"},
		{"20 ms is fine by flag", 20 * time.Millisecond, []string{"--postgres-latency-warning", "30s", "--postgres-latency-error", "1m"}, nil, nil, ""},
		{"20 ms is too far by flag", 20 * time.Millisecond, []string{"--postgres-latency-error", "10ms"}, latency, nil, "the latency to the database is too high"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			slow, _ := delayed(t, server, raw, tc.roundTrip)
			got := preflight.AskAsShipped(t, slow, tc.args...)
			got.Expect(t, tc.errors, tc.warnings)
			assert.GreaterOrEqual(t, got.Postgres.Latency.Median, float64(tc.roundTrip.Milliseconds()))
			if tc.says != "" {
				assert.Contains(t, got.Message(t, "postgres-latency"), tc.says)
			}
		})
	}
}

// budget is how many round trips a pre-flight may wait for.
const budget = 25

func TestThePreFlightKeepsItsBudgetOfRoundTrips(t *testing.T) {
	server := get(t, secured)
	raw := preflight.With(t, preflight.CoderDatabaseOn(t, server), "sslmode", "require")
	const roundTrip = 50 * time.Millisecond
	slow, proxy := delayed(t, server, raw, roundTrip)
	got := preflight.Ask(t, slow)
	got.Expect(t, nil, nil)
	facts := got.Postgres.Facts[0]
	// The time is logged only: the benchmark measures it, and a busy machine
	// stretches it.
	waited := float64(facts.Elapsed) / float64(roundTrip)
	t.Logf("with TLS and scram: %v, %.1f round trips of 50 ms waited for; counted %d on one connection and %d on the other",
		facts.Elapsed.Round(time.Millisecond), waited, facts.RoundTrips[0], facts.RoundTrips[1])
	assert.LessOrEqual(t, facts.RoundTrips[0], budget)
	assert.Equal(t, 2, proxy.Accepted(), "connections")
}
