package running

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// row changes the row of the second pod.
func row(change func(*check.Case, *pgfacts.ReplicaRow)) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) { change(c, &c.Postgres[0].Coder.Replicas[1]) })
}

// before adds rows of processes that ended before the pods of today were made.
func before(ages ...time.Duration) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		for _, age := range ages {
			c.Postgres[0].Coder.Replicas = append(c.Postgres[0].Coder.Replicas, pgfacts.ReplicaRow{
				ID: age.String(), Hostname: "coder-1", Primary: true, Age: age, StartedAt: c.Now.Add(-2 * time.Hour),
			})
		}
	})
}

func rowCases(_ *testing.T, c *checktest.Cases) {
	c.About("replicas-missing",
		checktest.Notes("each has one", "3 ready pods, 3 live", checktest.Runs(nil)),
		checktest.Warns("one is old", "coder-1 is ready, but has no live row", row(func(_ *check.Case, r *pgfacts.ReplicaRow) { r.Age = 40 * time.Second })),
		checktest.Warns("one is not there", "coder-1 is ready, but has no live row", checktest.Runs(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas = c.Postgres[0].Coder.Replicas[:1]
		})),
		checktest.Warns("one says that it stopped", "no live row", row(func(_ *check.Case, r *pgfacts.ReplicaRow) { r.Stopped = true })),
		checktest.Warns("one is of a pod of that name before", "no live row", row(func(c *check.Case, r *pgfacts.ReplicaRow) {
			r.StartedAt = c.Now.Add(-3 * time.Hour)
		})),
		checktest.Passes("one is as old as a live one may be", row(func(_ *check.Case, r *pgfacts.ReplicaRow) { r.Age = 14 * time.Second })),
		checktest.Passes("a hostname that is not the pod's", row(func(_ *check.Case, r *pgfacts.ReplicaRow) { r.Hostname = "web" })),
		checktest.Skips("one has just started", "has no live row yet", checktest.Runs(func(c *check.Case) {
			c.Running.Pods[1].Created, c.Running.Pods[1].Started = c.Now.Add(-12*time.Second), c.Now.Add(-10*time.Second)
			c.Postgres[0].Coder.Replicas[1].Stopped = true
		})),
		checktest.Skips("a row without a pod may be of one that has just ended", "within the last 15 s", checktest.Runs(func(c *check.Case) {
			c.Running.Pods = c.Running.Pods[:2]
		})),
		checktest.Passes("a draining pod needs no row", checktest.Runs(func(c *check.Case) {
			c.Running.Pods[1].Deadline = c.Now.Add(time.Minute)
			c.Postgres[0].Coder.Replicas[1].Stopped = true
		})),
	)
	c.About("replicas-stale",
		checktest.Passes("none", checktest.Runs(nil)),
		checktest.Advises("one", "coder-1 ended without saying so, once", before(4*time.Minute)),
		checktest.Warns("the same again and again", "2 times", before(4*time.Minute, 9*time.Minute)),
		checktest.Passes("one that stopped as it should", checktest.Runs(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas = append(c.Postgres[0].Coder.Replicas, pgfacts.ReplicaRow{Hostname: "coder-1", Stopped: true, Age: time.Minute})
		})),
		checktest.Passes("a proxy's", checktest.Runs(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas = append(c.Postgres[0].Coder.Replicas, pgfacts.ReplicaRow{Hostname: "proxy", Age: time.Minute})
		})),
		checktest.Passes("one that runs is the finding of another check", row(func(_ *check.Case, r *pgfacts.ReplicaRow) { r.Age = 40 * time.Second })),
	)
}
