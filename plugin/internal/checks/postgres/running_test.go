package postgres

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// measures changes the row of the second replica, on a database that is far from
// this machine, with another clock.
func measures(change func(*pgfacts.ReplicaRow)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		c.Postgres[0].Latency.Median, c.Postgres[0].Clock.Skew = 80*time.Millisecond, time.Minute
		change(&c.Postgres[0].Coder.Replicas[1])
	})
}

func runningCases(_ *testing.T, c *checktest.Cases) {
	c.About("postgres-latency",
		checktest.Notes("this machine is far away", "as the replicas measure it: coder-0 0.90 ms", measures(func(*pgfacts.ReplicaRow) {})),
		checktest.Warns("a replica is far away", "replica coder-1 measures 12 ms", measures(func(r *pgfacts.ReplicaRow) { r.DatabaseLatency = 12 * time.Millisecond })),
		checktest.Notes("a replica that has just started", "coder-0 0.90 ms, coder-2", checktest.Runs(func(c *check.Case) {
			r := &c.Postgres[0].Coder.Replicas[1]
			r.DatabaseLatency, r.StartedAt = 12*time.Millisecond, c.Now.Add(-10*time.Second)
		})),
	)
	c.About("postgres-clock-skew",
		checktest.Skips("this machine's clock is wrong", "none of the replicas'", measures(func(*pgfacts.ReplicaRow) {})),
		checktest.Warns("a replica's clock is ahead", "coder-1 is at least 3.0 s ahead", measures(func(r *pgfacts.ReplicaRow) { r.Age = -3 * time.Second })),
		checktest.Fires("far ahead", "coder-1 is at least 9.0 s ahead", measures(func(r *pgfacts.ReplicaRow) { r.Age = -9 * time.Second })),
		checktest.Skips("a little ahead", "none of the replicas'", measures(func(r *pgfacts.ReplicaRow) { r.Age = -time.Second })),
	)
}
