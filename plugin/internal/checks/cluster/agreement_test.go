package cluster

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// withoutPort has a replica that has opened no port for NATS, so long after its start.
func withoutPort(after time.Duration) func(*checktest.World) {
	return checktest.Runs(func(c *check.Case) {
		row := &c.Postgres[0].Coder.Replicas[1]
		row.NATSPort, row.StartedAt = 0, c.Now.Add(-after)
	})
}

func agreementCases(_ *testing.T, c *checktest.Cases) {
	added := func(version string, lines ...string) func(*checktest.World) {
		return checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Version = version
			h.Add("coder-2", lines...)
		})
	}
	const off = "CODER_EXPERIMENTS=no_nats_pubsub"
	c.About("cluster-mixed-pubsub",
		checktest.Passes("NATS everywhere", checktest.OnHosts(nil)),
		checktest.Fires("Postgres on one host", "coder-1 and coder-2 use different pubsubs", added("2.38", off)),
		checktest.Fires("NATS on one host", "different pubsubs", added("2.36", "CODER_EXPERIMENTS=nats_pubsub")),
		checktest.Passes("what this version does not know", added("2.36", off)),
		checktest.Passes("Postgres everywhere", checktest.OnHosts(func(h *checktest.HostFiles) { h.AddAll(off) })),
		checktest.Passes("another experiment", added("2.38", "CODER_EXPERIMENTS=other")),
		checktest.Passes("NATS on all that run", checktest.Runs(nil)),
		checktest.Fires("no NATS on one that runs", "replicas coder-0 and coder-1 run now with different pubsubs", withoutPort(time.Hour)),
		checktest.Passes("one that may not have seen the license yet", withoutPort(10*time.Minute)),
		checktest.Passes("no NATS on one that is none of ours", checktest.Runs(func(c *check.Case) {
			rows := &c.Postgres[0].Coder.Replicas
			*rows = append(*rows, pgfacts.ReplicaRow{ID: "other", Hostname: "staging-0", Primary: true, Age: time.Second, StartedAt: c.Now.Add(-time.Hour)})
		})),
		checktest.Passes("no NATS on one that has stopped", checktest.Runs(func(c *check.Case) {
			row := &c.Postgres[0].Coder.Replicas[1]
			row.NATSPort, row.Stopped = 0, true
		})),
		checktest.Skips("before there was NATS", "has no NATS pubsub", added("2.34", off)),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1) }),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more", func(w *checktest.World) { w.EnvFromSecret("more") }),
	)
	url := func(version, to string) func(*checktest.World) {
		return checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Version = version
			h.Replace("coder-2", "db.example.com:5432/coder?sslmode=require", to)
		})
	}
	c.About("postgres-url-differs",
		checktest.Passes("copied", checktest.OnHosts(nil)),
		checktest.Passes("one Secret that is not in the input", nil),
		checktest.Fires("another host name", "coder-1 and coder-2 have different database URLs", url("2.38", "db:5432/coder?sslmode=require")),
		checktest.Fires("a port that is the default", "different database URLs", url("2.38", "db.example.com/coder?sslmode=require")),
		checktest.Warns("without NATS", "check that both lead to the same database", url("2.34", "db:5432/coder?sslmode=require")),
		checktest.Fires("another password", "different database URLs", checktest.OnHosts(func(h *checktest.HostFiles) { h.Replace("coder-2", checktest.Secret, checktest.Secret+"x") })),
		checktest.Passes("the same text in quotes", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Replace("coder-2", "postgres://", "\"postgres://")
			h.Replace("coder-2", "sslmode=require", "sslmode=require\"")
		})),
		checktest.Skips("one host has none", "postgres-url-missing", checktest.OnHosts(func(h *checktest.HostFiles) { h.Replace("coder-2", coder.PostgresURL, "OTHER") })),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1) }),
	)
}
