package checks

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// stopped ends the steps at one that failed.
func stopped(at pgfacts.Step, change func(*pgfacts.StepResult)) func(*check.Case) {
	return func(f *check.Case) {
		p := f.Postgres[0]
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

func TestPostgresReach(t *testing.T) {
	t.Parallel()
	tryPostgres(t, "postgres-unreachable",
		holds("a session", "TLS 1.3, certificate until 2027-01-02", nil),
		breaks("no such host", "the step DNS failed at 10.0.0.5:5432 after 2000 ms: no such host", stopped(pgfacts.DNS, message("no such host", ""))),
		breaks("a refused port", "the step TCP failed at 10.0.0.5:5432 after 2000 ms: connection refused", stopped(pgfacts.TCP, message("connection refused", ""))),
		breaks("a wrong password", "password authentication failed for user \"coder\" (SQLSTATE 28P01)", stopped(pgfacts.Authentication, message("password authentication failed for user \"coder\"", "28P01"))),
		breaks("no TLS", "the step TLS failed", stopped(pgfacts.TLSStep, message("the server does not offer TLS", ""))),
		breaks("no database", "the step database failed", stopped(pgfacts.Database, message("database \"coder\" does not exist", "3D000"))),
		breaks("a session that was lost", "the step permission failed", stopped(pgfacts.Permission, message("no answer within 5s", ""))),
		unproven("a name of the cluster", "known inside the cluster only", func(f *check.Case) {
			stopped(pgfacts.DNS, message("no such host", ""))(f)
			f.Postgres[0].ClusterName = true
		}),
		unproven("the replicas' URL, from a machine that cannot reach it", "this machine cannot reach db.example.com: TCP: nothing answered", func(f *check.Case) {
			stopped(pgfacts.TCP, message("nothing answered", ""))(f)
			f.Postgres[0].Target.InCluster = true
		}),
		breaks("the replicas' URL, where the host itself refuses", "connection refused", func(f *check.Case) {
			stopped(pgfacts.TCP, message("connection refused", ""))(f)
			f.Postgres[0].Target.InCluster = true
		}),
		breaks("the replicas' URL, with a wrong password", "password authentication failed", func(f *check.Case) {
			stopped(pgfacts.Authentication, message("password authentication failed", "28P01"))(f)
			f.Postgres[0].Target.InCluster = true
		}),
		breaks("a pooler that refuses the driver", "PgBouncer refuses the start-up parameter extra_float_digits", func(f *check.Case) {
			f.Postgres[0].Proxy = pgfacts.Proxy{Present: true, Name: "PgBouncer", Refused: []string{"extra_float_digits"}}
		}),
		unproven("IAM", "awsiamrds", func(f *check.Case) { f.Postgres[0].Server, f.Postgres[0].Target.Auth = nil, pgfacts.AuthAWSIAM }),
		unproven("a root certificate that is elsewhere", "sslrootcert /ca.pem is not on this machine", func(f *check.Case) {
			f.Postgres[0].TLS.Required, f.Postgres[0].TLS.Unverified = true, "sslrootcert /ca.pem is not on this machine"
		}),
		holds("a verified certificate", "TLS 1.3", func(f *check.Case) { f.Postgres[0].TLS.Required, f.Postgres[0].TLS.Verified = true, true }),
	)
}

func TestPostgresServer(t *testing.T) {
	t.Parallel()
	version := func(num int, text string) func(*check.Case) {
		return func(f *check.Case) { f.Postgres[0].Server.VersionNum, f.Postgres[0].Server.Version = num, text }
	}
	tryPostgres(t, "postgres-version",
		holds("in support", "17.10", nil),
		breaks("too old", "Postgres 12.22 is too old", version(120022, "12.22")),
		hurts("just old enough, out of support", "Postgres 13 is out of community support since 2025-11-13", version(130000, "13.0")),
		holds("in support until later this month", "14.23", version(140023, "14.23")),
		hurts("out of support since this month", "Postgres 14 is out of community support", func(f *check.Case) {
			version(140023, "14.23")(f)
			f.Now = time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
		}),
		holds("newer than we know", "27.1", version(270001, "27.1")),
		holds("a flavor", "17.10, Amazon Aurora", func(f *check.Case) { f.Postgres[0].Server.Flavor = pgfacts.Aurora }),
		breaks("no Postgres at all", "CockroachDB is not Postgres", func(f *check.Case) { f.Postgres[0].Server.Flavor = pgfacts.CockroachDB }),
		holds("a flavor that nobody knows", "Something", func(f *check.Case) { f.Postgres[0].Server.Flavor = "Something" }),
	)
	tryPostgres(t, "postgres-read-only",
		holds("a primary", "", nil),
		breaks("a standby", "the server is a standby", func(f *check.Case) { f.Postgres[0].Server.InRecovery = true }),
		breaks("a read-only role", "sessions of this role are read-only", func(f *check.Case) { f.Postgres[0].Server.DefaultReadOnly = true }),
	)
	tryPostgres(t, "postgres-schema",
		holds("an owner", "role coder, schema public", nil),
		breaks("no schema", "no schema of the search_path exists", func(f *check.Case) { f.Postgres[0].Role.Schema = nil }),
		breaks("no CREATE", "may not create tables in the schema public", func(f *check.Case) { f.Postgres[0].Role.CanCreate = false }),
		breaks("no USAGE", "may not create tables in the schema public", func(f *check.Case) { f.Postgres[0].Role.CanUse = false }),
		breaks("tables of somebody else", "Coder's tables belong to postgres", func(f *check.Case) {
			f.Postgres[0].Role.OwnsTables, f.Postgres[0].Role.TableOwner = new(false), "postgres"
		}),
		holds("tables of its own", "", used),
		unproven("no Postgres", "see postgres-version", func(f *check.Case) { f.Postgres[0].Server.Flavor = pgfacts.YugabyteDB }),
		unproven("an unanswered question", "permission denied (SQLSTATE 42501)", func(f *check.Case) {
			f.Postgres[0].Role = &pgfacts.Role{Name: "coder"}
			f.Postgres[0].Gaps = []pgfacts.Gap{{Question: "schema and rights", Message: "permission denied", SQLState: "42501"}}
		}),
	)
}

func TestPostgresLatency(t *testing.T) {
	t.Parallel()
	median := func(d time.Duration) func(*check.Case) {
		return func(f *check.Case) { f.Postgres[0].Latency.Median = d }
	}
	tryPostgres(t, "postgres-latency",
		holds("near", "median 2.0 ms, min 1.0 ms, p95 3.0 ms, jitter 0.00 ms of 9 round trips", nil),
		holds("just near enough", "", median(10*time.Millisecond-1)),
		hurts("a little far", "a little far away: 10 ms for one round trip, so an API request that asks 10 times waits 100 ms", median(10*time.Millisecond)),
		hurts("as far as Coder minds", "Coder's health page will warn with EDB02", median(15*time.Millisecond)),
		hurts("just not too far", "slow to reach", median(50*time.Millisecond-1)),
		breaks("too far", "too far away: 50 ms", median(50*time.Millisecond)),
		holds("far, with another limit", "", func(f *check.Case) {
			median(30 * time.Millisecond)(f)
			f.Limits.Postgres.LatencyWarning = 40 * time.Millisecond
		}),
		breaks("near, with another limit", "too far away", func(f *check.Case) { f.Limits.Postgres.LatencyError = time.Millisecond }),
		unproven("not measured", "how fast it answers", func(f *check.Case) { f.Postgres[0].Latency = nil }),
	)
	replica := func(i int, d time.Duration) func(*check.Case) {
		return func(f *check.Case) {
			used(f)
			f.Postgres[0].Coder.Replicas[i].DatabaseLatency = d
		}
	}
	tryPostgres(t, "postgres-latency-uneven",
		holds("even", "coder-0: 0.90 ms", used),
		hurts("one far away", "replica coder-1 is 16 ms away from the database", replica(1, 16*time.Millisecond)),
		hurts("one much farther", "coder-2 is much farther from the database than coder-0", replica(2, 4600*time.Microsecond)),
		holds("one just not much farther", "", replica(2, 4500*time.Microsecond)),
		holds("much farther, but near all the same", "", replica(2, 100*time.Microsecond)),
		holds("a stopped one far away", "", func(f *check.Case) {
			replica(1, time.Second)(f)
			f.Postgres[0].Coder.Replicas[1].Stopped = true
		}),
		unproven("nobody runs", "no Coder has used this database yet", nil),
	)
	clock := func(skew, uncertainty time.Duration) func(*check.Case) {
		return func(f *check.Case) { f.Postgres[0].Clock = &pgfacts.Clock{Skew: skew, Uncertainty: uncertainty} }
	}
	tryPostgres(t, "postgres-clock-skew",
		holds("equal", "10 ms, give or take 1.0 ms", nil),
		holds("at the limit", "", clock(2*time.Second, 0)),
		hurts("ahead", "3.0 s ahead of this machine's", clock(3*time.Second, time.Millisecond)),
		hurts("behind", "3.0 s behind this machine's", clock(-3*time.Second, time.Millisecond)),
		breaks("far behind", "5.1 s behind", clock(-5100*time.Millisecond, time.Millisecond)),
		holds("within what the measurement may be off by", "", clock(2100*time.Millisecond, 200*time.Millisecond)),
	)
}
