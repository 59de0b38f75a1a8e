package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
)

// BenchmarkPreFlight runs the whole program, with TLS and scram, against a
// database that a Coder uses: on loopback, and with a round trip of 50 ms. It
// reports the wall time of the process and of the probe alone, and how many
// round trips the probe waited for.
func BenchmarkPreFlight(b *testing.B) {
	server := get(b, secured)
	raw := preflight.With(b, preflight.CoderDatabaseOn(b, server), "sslmode", "require")
	for name, roundTrip := range map[string]time.Duration{"loopback": 0, "50ms": 50 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			url := raw
			if roundTrip > 0 {
				url, _ = delayed(b, server, raw, roundTrip)
			}
			var probe, process time.Duration
			trips := [2]int{}
			for b.Loop() {
				got := preflight.Ask(b, url)
				require.Equal(b, 0, got.Code, got.Stdout)
				facts := got.Postgres.Facts[0]
				probe += facts.Elapsed
				process += got.Took
				trips = facts.RoundTrips
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(process.Milliseconds())/float64(b.N), "process-ms")
			b.ReportMetric(float64(probe.Microseconds())/1000/float64(b.N), "probe-ms")
			b.ReportMetric(float64(trips[0]), "round-trips")
			if roundTrip > 0 {
				b.ReportMetric(float64(probe)/float64(roundTrip)/float64(b.N), "round-trips-waited")
			}
		})
	}
}
