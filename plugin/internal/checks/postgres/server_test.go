package postgres

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// stopped ends the steps at one that failed.
func stopped(at pgfacts.Step, change func(*pgfacts.StepResult)) func(*checktest.World) {
	return func(w *checktest.World) {
		p := w.Database()
		for i, s := range p.Steps {
			if s.Step == at {
				p.Steps = p.Steps[:i+1]
				p.Steps[i].Status, p.Steps[i].Took = pgfacts.StepFailed, 2*time.Second
				change(&p.Steps[i])
			}
		}
		p.FailedStep, p.Server, p.Latency = at, nil, nil
	}
}

func message(text, sqlState string) func(*pgfacts.StepResult) {
	return func(s *pgfacts.StepResult) { s.Message, s.SQLState = text, sqlState }
}

// silent is a step that nobody answers, before the install of replicas whose
// NetworkPolicies are among the input.
func silent(at pgfacts.Step) func(*checktest.World) {
	return func(w *checktest.World) {
		stopped(at, func(s *pgfacts.StepResult) { s.Message, s.TimedOut = "no answer within 10.0 s", true })(w)
		checktest.Rehearsed(func(f *check.Case) {
			f.Trial.Running, f.Deployment.Policies = 0, []deployment.Policy{{Name: "allow"}}
		})(w)
	}
}

func reachCases(_ *testing.T, c *checktest.Cases) {
	c.About("postgres-unreachable",
		checktest.Notes("a session", "TLS 1.3, certificate until 2027-01-02", nil),
		checktest.Fires("no such host", "DNS lookup of 10.0.0.5:5432 failed after 2.0 s: no such host", stopped(pgfacts.DNS, message("no such host", ""))),
		checktest.Skips("DNS behind a policy that may be missing", "DNS did not answer for db.example.com, and the NetworkPolicies of the input may not be in the cluster yet", silent(pgfacts.DNS)),
		checktest.Skips("a database behind one", "nothing answered at db.example.com, and the NetworkPolicies", silent(pgfacts.TCP)),
		checktest.Skips("a place that no pod asked it from", "no pod answers in the place of coder-2", checktest.Rehearsed(func(f *check.Case) {
			f.Trial.Absent = []facts.Absence{{Replica: "coder-2", Reason: "no pod answers in the place of coder-2: exceeded quota", Proof: "let the pod run, and run it again"}}
		})),
		checktest.Fires("it does not answer where it was asked", "connection refused", func(w *checktest.World) {
			stopped(pgfacts.TCP, message("connection refused", ""))(w)
			checktest.Rehearsed(func(f *check.Case) {
				f.Trial.Absent = []facts.Absence{{Replica: "coder-2", Reason: "no pod answers in the place of coder-2: exceeded quota", Proof: "let the pod run, and run it again"}}
			})(w)
		}),
		checktest.Skips("a place whose pod did not ask", "the database was not asked from the place of coder-2", checktest.Rehearsed(func(f *check.Case) {
			f.Trial.Untried = []facts.Absence{{Replica: "coder-2", What: facts.DatabaseThere, Reason: "the database was not asked from the place of coder-2: nothing is heard of the pod any more", Proof: "run it again"}}
		})),
		checktest.Passes("a replica whose relay could not be tried", checktest.Rehearsed(func(f *check.Case) {
			f.Trial.Untried = []facts.Absence{{Replica: "coder-2", What: facts.RelayAddress, Reason: "coder-2: its relay URL comes from a Secret", Proof: "ask the replicas once they run"}}
		})),
		checktest.Fires("a refused port", "TCP connection to 10.0.0.5:5432 failed after 2.0 s: connection refused", stopped(pgfacts.TCP, message("connection refused", ""))),
		checktest.Fires("a wrong password", "password authentication failed for user \"coder\" (SQLSTATE 28P01)", stopped(pgfacts.Authentication, message("password authentication failed for user \"coder\"", "28P01"))),
		checktest.Fires("no TLS", "TLS handshake with 10.0.0.5:5432 failed after 2.0 s: the server does not offer TLS", stopped(pgfacts.TLSStep, message("the server does not offer TLS", ""))),
		checktest.Fires("no database", "opening the database at 10.0.0.5:5432 failed after 2.0 s: database \"coder\" does not exist (SQLSTATE 3D000)", stopped(pgfacts.Database, message("database \"coder\" does not exist", "3D000"))),
		checktest.Fires("a session that was lost", "starting a session at 10.0.0.5:5432 failed after 2.0 s: no answer within 5s", stopped(pgfacts.Permission, message("no answer within 5s", ""))),
		checktest.Skips("a name of the cluster", "known inside the cluster only", func(w *checktest.World) {
			stopped(pgfacts.DNS, message("no such host", ""))(w)
			w.Database().ClusterName = true
		}),
		checktest.Skips("the replicas' URL, from a machine that cannot reach it", "this machine cannot reach db.example.com: TCP: nothing answered", func(w *checktest.World) {
			stopped(pgfacts.TCP, message("nothing answered", ""))(w)
			w.Database().Target.InCluster = true
		}),
		checktest.Fires("the replicas' URL, where the host itself refuses", "connection refused", func(w *checktest.World) {
			stopped(pgfacts.TCP, message("connection refused", ""))(w)
			w.Database().Target.InCluster = true
		}),
		checktest.Fires("the replicas' URL, with a wrong password", "password authentication failed", func(w *checktest.World) {
			stopped(pgfacts.Authentication, message("password authentication failed", "28P01"))(w)
			w.Database().Target.InCluster = true
		}),
		checktest.Fires("a pooler that refuses the driver", "PgBouncer refuses the start-up parameter extra_float_digits", func(w *checktest.World) {
			w.Database().Proxy = pgfacts.Proxy{Present: true, Name: "PgBouncer", Refused: []string{"extra_float_digits"}}
		}),
		checktest.Skips("IAM", "awsiamrds", func(w *checktest.World) { w.Database().Server, w.Database().Target.Auth = nil, pgfacts.AuthAWSIAM }),
		checktest.Skips("an authority that only coderd's image may know", "its authority is none that", func(w *checktest.World) {
			w.Database().TLS.Required, w.Database().TLS.ForeignRoots = true, true
			w.Database().TLS.Unverified = "its authority is none that the image of agents knows"
		}),
		checktest.Skips("a root certificate that is elsewhere", "sslrootcert /ca.pem is not on this machine", func(w *checktest.World) {
			w.Database().TLS.Required, w.Database().TLS.Unverified = true, "sslrootcert /ca.pem is not on this machine"
		}),
		checktest.Notes("a verified certificate", "TLS 1.3", func(w *checktest.World) { w.Database().TLS.Required, w.Database().TLS.Verified = true, true }),
	)
}

func serverCases(_ *testing.T, c *checktest.Cases) {
	version := func(num int, text string) func(*checktest.World) {
		return func(w *checktest.World) { w.Database().Server.VersionNum, w.Database().Server.Version = num, text }
	}
	c.About("postgres-version",
		checktest.Notes("in support", "17.10", nil),
		checktest.Fires("too old", "Postgres 12.22 is too old", version(120022, "12.22")),
		checktest.Warns("just old enough, out of support", "Postgres 13 is out of community support since 2025-11-13", version(130000, "13.0")),
		checktest.Notes("in support until later this month", "14.23", version(140023, "14.23")),
		checktest.Warns("out of support since this month", "Postgres 14 is out of community support", func(w *checktest.World) {
			version(140023, "14.23")(w)
			w.Now = time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
		}),
		checktest.Notes("newer than we know", "27.1", version(270001, "27.1")),
		checktest.Notes("a flavor", "17.10, Amazon Aurora", func(w *checktest.World) { w.Database().Server.Flavor = pgfacts.Aurora }),
		checktest.Fires("no Postgres at all", "CockroachDB is not Postgres", func(w *checktest.World) { w.Database().Server.Flavor = pgfacts.CockroachDB }),
		checktest.Notes("a flavor that nobody knows", "Something", func(w *checktest.World) { w.Database().Server.Flavor = "Something" }),
	)
	c.About("postgres-read-only",
		checktest.Notes("a primary", "", nil),
		checktest.Passes("a primary by the name of a reader", func(w *checktest.World) { w.Database().Target.Host = "coder-db-ro" }),
		checktest.Fires("a standby", "the server is a standby", func(w *checktest.World) { w.Database().Server.InRecovery = true }),
		checktest.Fires("a read-only role", "sessions of this role are read-only", func(w *checktest.World) { w.Database().Server.DefaultReadOnly = true }),
	)
	c.About("postgres-schema",
		checktest.Notes("an owner", "role coder, schema public", nil),
		checktest.Fires("no schema", "no schema of the search_path exists", func(w *checktest.World) { w.Database().Role.Schema = nil }),
		checktest.Fires("no CREATE", "may not create tables in the schema public", func(w *checktest.World) { w.Database().Role.CanCreate = false }),
		checktest.Fires("no USAGE", "may not create tables in the schema public", func(w *checktest.World) { w.Database().Role.CanUse = false }),
		checktest.Fires("tables of somebody else", "Coder's tables belong to postgres", func(w *checktest.World) {
			w.Database().Role.OwnsTables, w.Database().Role.TableOwner = new(false), "postgres"
		}),
		checktest.Notes("tables of its own", "", (*checktest.World).Used),
		checktest.Skips("no Postgres", "see postgres-version", func(w *checktest.World) { w.Database().Server.Flavor = pgfacts.YugabyteDB }),
		checktest.Skips("an unanswered question", "permission denied (SQLSTATE 42501)", func(w *checktest.World) {
			w.Database().Role = &pgfacts.Role{Name: "coder"}
			w.Database().Gaps = []pgfacts.Gap{{Question: "schema and rights", Message: "permission denied", SQLState: "42501"}}
		}),
	)
}

func latencyCases(_ *testing.T, c *checktest.Cases) {
	median := func(d time.Duration) func(*checktest.World) {
		return func(w *checktest.World) { w.Database().Latency.Median = d }
	}
	c.About("postgres-latency",
		checktest.Notes("near", "median 2.0 ms, min 1.0 ms, p95 3.0 ms, jitter 0.00 ms of 9 round trips", nil),
		checktest.Notes("just near enough", "", median(10*time.Millisecond-1)),
		checktest.Warns("a little far", "the latency to the database is noticeable: 10 ms for one round trip, so an API request with 10 queries waits 100 ms", median(10*time.Millisecond)),
		checktest.Warns("as far as Coder minds", "Coder's health page will warn with EDB02", median(15*time.Millisecond)),
		checktest.Warns("just not too far", "the latency to the database is high: 50 ms for one round trip, so an API request with 10 queries waits 500 ms; Coder's health page will warn with EDB02", median(50*time.Millisecond-1)),
		checktest.Fires("too far", "the latency to the database is too high: 50 ms for one round trip, so an API request with 10 queries waits 500 ms", median(50*time.Millisecond)),
		checktest.Notes("far, with another limit", "", func(w *checktest.World) {
			median(30 * time.Millisecond)(w)
			w.Settings.Limits.Postgres.LatencyWarning = 40 * time.Millisecond
		}),
		checktest.Fires("near, with another limit", "the latency to the database is too high: 2.0 ms for one round trip, so an API request with 10 queries waits 20 ms", func(w *checktest.World) { w.Settings.Limits.Postgres.LatencyError = time.Millisecond }),
		checktest.Skips("not measured", "how fast it answers", func(w *checktest.World) { w.Database().Latency = nil }),
	)
	replica := func(i int, d time.Duration) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Used()
			w.Database().Coder.Replicas[i].DatabaseLatency = d
		}
	}
	far := func(median time.Duration) func(*checktest.World) {
		return checktest.FromReplicas(func(i int, p *pgfacts.Facts) {
			if p.Latency = pgfacts.NewLatency([]time.Duration{time.Millisecond}); i == 2 {
				p.Latency = pgfacts.NewLatency([]time.Duration{median})
			}
		})
	}
	c.About("postgres-latency-uneven",
		checktest.Notes("even, from pods in the places of the replicas", "coder-0: 1.0 ms, coder-2: 5.0 ms", far(5*time.Millisecond)),
		checktest.Notes("in another zone", "coder-0: 0.20 ms, coder-2: 1.9 ms", checktest.FromReplicas(func(i int, p *pgfacts.Facts) {
			p.Latency = pgfacts.NewLatency([]time.Duration{[]time.Duration{200 * time.Microsecond, 300 * time.Microsecond, 1900 * time.Microsecond}[i]})
		})),
		checktest.Warns("one of the pods is much farther", "replica coder-2 measures much more latency to the database than coder-0", far(5100*time.Microsecond)),
		checktest.Notes("even", "coder-0: 0.90 ms", (*checktest.World).Used),
		checktest.Warns("one far away", "replica coder-1 measures 16 ms to the database", replica(1, 16*time.Millisecond)),
		checktest.Warns("one much farther", "replica coder-2 measures much more latency to the database than coder-0", replica(2, 4600*time.Microsecond)),
		checktest.Notes("one just not much farther", "", replica(2, 4500*time.Microsecond)),
		checktest.Notes("much farther, but near all the same", "", replica(2, 100*time.Microsecond)),
		checktest.Notes("one that has just started", "coder-2: 2.6 ms", func(w *checktest.World) {
			replica(1, 150*time.Microsecond)(w)
			replica(2, 2600*time.Microsecond)(w)
		}),
		checktest.Notes("a stopped one far away", "", func(w *checktest.World) {
			replica(1, time.Second)(w)
			w.Database().Coder.Replicas[1].Stopped = true
		}),
		checktest.Skips("nobody runs", "Coder has not used this database yet", nil),
		checktest.Notes("far away at its start", "coder-0: 0.90 ms", checktest.Runs(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas[1].StartedAt, c.Postgres[0].Coder.Replicas[1].DatabaseLatency = c.Now.Add(-10*time.Second), 54*time.Millisecond
		})),
		checktest.Warns("far away after a minute", "replica coder-1 measures 54 ms", checktest.Runs(func(c *check.Case) {
			c.Postgres[0].Coder.Replicas[1].StartedAt, c.Postgres[0].Coder.Replicas[1].DatabaseLatency = c.Now.Add(-time.Minute), 54*time.Millisecond
		})),
		checktest.Skips("all have just started", "fewer than two replicas have run for a minute", checktest.Runs(func(c *check.Case) {
			for i := range c.Postgres[0].Coder.Replicas {
				c.Postgres[0].Coder.Replicas[i].StartedAt = c.Now.Add(-59 * time.Second)
			}
		})),
	)
	clock := func(skew, uncertainty time.Duration) func(*checktest.World) {
		return func(w *checktest.World) { w.Database().Clock = &pgfacts.Clock{Skew: skew, Uncertainty: uncertainty} }
	}
	c.About("postgres-clock-skew",
		checktest.Warns("of one of the pods", "3.0 s ahead of that of replica coder-1", checktest.FromReplicas(func(i int, p *pgfacts.Facts) {
			if i == 1 {
				p.Clock.Skew = 3 * time.Second
			}
		})),
		checktest.Notes("equal", "10 ms, give or take 1.0 ms", nil),
		checktest.Notes("at the limit", "", clock(2*time.Second, 0)),
		checktest.Warns("ahead", "3.0 s ahead of that of this machine", clock(3*time.Second, time.Millisecond)),
		checktest.Warns("behind", "3.0 s behind that of this machine", clock(-3*time.Second, time.Millisecond)),
		checktest.Fires("far behind", "5.1 s behind", clock(-5100*time.Millisecond, time.Millisecond)),
		checktest.Notes("within what the measurement may be off by", "", clock(2100*time.Millisecond, 200*time.Millisecond)),
	)
}
