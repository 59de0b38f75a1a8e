package checks

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func TestPostgresConnections(t *testing.T) {
	t.Parallel()
	capacity := func(c pgfacts.Capacity) func(*check.Case) {
		return func(f *check.Case) { f.Postgres[0].Capacity = &c }
	}
	// Three replicas with a pool of 10 need 3 x 11 x 1.2 = 39.6, so 40.
	tryPostgres(t, "postgres-connections",
		holds("the default server", "40 of 97 free connections needed, 7 replicas fit", nil),
		holds("just enough", "", capacity(pgfacts.Capacity{MaxConnections: 53, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		hurts("tight", "connections are tight: the replicas need 40 of the 49", capacity(pgfacts.Capacity{MaxConnections: 52, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		hurts("to the last one", "the replicas need 40 of the 40", capacity(pgfacts.Capacity{MaxConnections: 43, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		breaks("one too few", "they need 40 connections, and max_connections 42 less 3 reserved leaves 39", capacity(pgfacts.Capacity{MaxConnections: 42, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		breaks("others hold them", "leaves 37", capacity(pgfacts.Capacity{MaxConnections: 100, Reserved: 3, Others: 60, RoleLimit: -1, DatabaseLimit: -1})),
		holds("a Coder that runs already holds them", "", capacity(pgfacts.Capacity{MaxConnections: 100, Reserved: 3, Own: 60, RoleLimit: -1, DatabaseLimit: -1})),
		breaks("the role has a limit", "the limit of the role coder leaves 20", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: 20, DatabaseLimit: -1})),
		breaks("the database has a limit", "the limit of the database coder leaves 30", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: -1, DatabaseLimit: 40, DatabaseOthers: 10})),
		breaks("a second connection is refused", "too many connections for database", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: -1, DatabaseLimit: -1, SecondRefused: "too many connections for database \"coder\""})),
		breaks("not even the probe gets one", "no connection is free, not even one: too many connections", stopped(pgfacts.Database, message("too many connections", "53300"))),
		unproven("another reason not to get one", "see postgres-unreachable", stopped(pgfacts.Database, message("starting up", "57P03"))),
		holds("another share", "", func(f *check.Case) {
			capacity(pgfacts.Capacity{MaxConnections: 43, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})(f)
			f.Limits.Postgres.ConnectionsShare = 100
		}),
		unproven("not answered", "how many connections it has", func(f *check.Case) { f.Postgres[0].Capacity = nil }),
		unproven("nobody said how many replicas", "how many replicas", func(f *check.Case) { f.Deployment = nil }),
		holds("a plan without a deployment", "40 of 97", func(f *check.Case) { f.Deployment, f.Plan.Replicas = nil, 3 }),
		breaks("a larger pool", "they need 148 connections", withWorld(t, func(w *world) { w.set("CODER_PG_CONN_MAX_OPEN", "40") })),
		holds("a Deployment surges", "53 of 97 free connections needed", withWorld(t, func(w *world) {
			w.workload.Kind = "Deployment"
		})),
	)
}

// withWorld judges a changed deployment.
func withWorld(t *testing.T, change func(*world)) func(*check.Case) {
	return func(f *check.Case) {
		t.Helper()
		w := newWorld()
		change(w)
		if w.workload.Kind == "Deployment" {
			w.workload.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{}
			w.workload.Spec.ServiceName = ""
		}
		f.Deployment = w.facts(t).Deployment
	}
}

func TestPostgresBehavior(t *testing.T) {
	t.Parallel()
	tryPostgres(t, "postgres-pooler",
		holds("no pooler", "NOTIFY arrived after 2.0 ms", nil),
		holds("a pooler in session mode", "through PgBouncer", func(f *check.Case) { f.Postgres[0].Proxy = pgfacts.Proxy{Present: true, Name: "PgBouncer"} }),
		breaks("LISTEN is forgotten", "PgBouncer pools transactions", func(f *check.Case) {
			f.Postgres[0].PubSub.Listening, f.Postgres[0].Proxy = false, pgfacts.Proxy{Present: true, Name: "PgBouncer", Hint: "port 6432"}
		}),
		breaks("NOTIFY gets lost", "a pooler in front of the database pools transactions", func(f *check.Case) { f.Postgres[0].PubSub.Arrived = false }),
		breaks("processes are shared", "connections share processes of the server", func(f *check.Case) { f.Postgres[0].PubSub.Shared = true }),
		unproven("a probe that ended early", "the probe ended early", func(f *check.Case) { f.Postgres[0].PubSub = &pgfacts.PubSub{} }),
		breaks("LISTEN is refused", "LISTEN is refused: unimplemented", func(f *check.Case) { f.Postgres[0].PubSub = &pgfacts.PubSub{Tried: true, ListenError: "unimplemented"} }),
		breaks("no advisory locks", "advisory locks do not work", func(f *check.Case) {
			f.Postgres[0].Role.AdvisoryLocks = nil
			f.Postgres[0].Gaps = []pgfacts.Gap{{Question: "advisory locks", Message: "unknown function"}}
		}),
		unproven("no second connection", "there was no second connection", func(f *check.Case) {
			f.Postgres[0].PubSub = &pgfacts.PubSub{Tried: true, Listening: true, NotifyError: "too many clients"}
		}),
		unproven("a standby", "see postgres-read-only", func(f *check.Case) { f.Postgres[0].Server.InRecovery = true }),
	)
	timeout := func(name string, value time.Duration, source string) func(*check.Case) {
		return func(f *check.Case) {
			f.Postgres[0].Timeouts = []pgfacts.Timeout{{Name: name, Value: value, Source: source}}
		}
	}
	tryPostgres(t, "postgres-timeouts",
		holds("none", "", nil),
		hurts("a short statement", "statement_timeout is 30s", timeout("statement_timeout", 30*time.Second, "role")),
		hurts("a short idle transaction", "idle_in_transaction_session_timeout is 1min", timeout("idle_in_transaction_session_timeout", time.Minute, "server")),
		hurts("of the URL", "statement_timeout is 500ms", timeout("statement_timeout", 500*time.Millisecond, "URL")),
		hurts("of the role in the database", "lock_timeout", timeout("lock_timeout", time.Second, "role in database")),
		holds("long enough", "", timeout("statement_timeout", 15*time.Minute, "role")),
		holds("of something else", "", timeout("tcp_user_timeout", time.Second, "role")),
	)
}

func TestPostgresOwners(t *testing.T) {
	t.Parallel()
	other := func(system, database string) func(*check.Case) {
		return func(f *check.Case) {
			o := goodPostgres()
			o.Target.Origin, o.Server.SystemIdentifier, o.Server.DatabaseOID = "coder-1.env", system, database
			f.Postgres = append(f.Postgres, from(o)...)
		}
	}
	tryPostgres(t, "postgres-same-endpoint",
		unproven("one URL", "all replicas have one URL", nil),
		holds("the same", "system 7, database 16385", other("7", "16385")),
		breaks("another database", "lead to different databases", other("7", "16386")),
		breaks("another server", "lead to different databases", other("8", "16385")),
		unproven("a server that does not tell", "which database it is", other("", "16385")),
		unproven("an unreachable one", "coder-1.env could not be asked", func(f *check.Case) {
			other("7", "16385")(f)
			f.Postgres[1].Server = nil
		}),
	)
	rename := func(name string, change func(*pgfacts.Replica)) func(*check.Case) {
		return func(f *check.Case) {
			used(f)
			r := &f.Postgres[0].Coder.Replicas[2]
			r.Hostname = name
			if change != nil {
				change(r)
			}
		}
	}
	tryPostgres(t, "postgres-foreign-replicas",
		holds("its own", "3 replicas of this deployment", used),
		holds("pods of the upstream chart", "", rename("coder-6f7c9d8b5-x2x4z", nil)),
		breaks("a host of another deployment", "a replica staging-0 that is not of this deployment", rename("staging-0", nil)),
		breaks("a name that only begins alike", "a replica coderdev-0", rename("coderdev-0", nil)),
		holds("a workspace proxy", "", rename("proxy-0", func(r *pgfacts.Replica) { r.Primary = false })),
		holds("one that stopped", "", rename("staging-0", func(r *pgfacts.Replica) { r.Stopped = true })),
		holds("one that is long gone", "", rename("staging-0", func(r *pgfacts.Replica) { r.Age = 15 * time.Second })),
		breaks("one that was alive just now", "staging-0", rename("staging-0", func(r *pgfacts.Replica) { r.Age = 15*time.Second - 1 })),
		unproven("an empty database", "no Coder has used this database yet", nil),
		unproven("no deployment", "no deployment to compare with", func(f *check.Case) {
			used(f)
			f.Deployment = nil
		}),
	)
	tryPostgres(t, "postgres-coder-v1",
		holds("an empty database", "", nil),
		breaks("a Coder v1", "belongs to a Coder v1", func(f *check.Case) { f.Postgres[0].Coder.V1 = true }),
	)
}

func TestMigration(t *testing.T) {
	t.Parallel()
	at := func(version int, tag string) func(*check.Case) {
		return func(f *check.Case) {
			used(f)
			f.Postgres[0].Coder.Migration.Version, f.Deployment.Version = version, coder.ParseVersion(tag)
		}
	}
	tryPostgres(t, "migration-dirty",
		holds("clean", "schema version 535", used),
		breaks("dirty", "migration 535 failed half-way", func(f *check.Case) {
			used(f)
			f.Postgres[0].Coder.Migration.Dirty = true
		}),
		unproven("an empty database", "no Coder has used this database yet", nil),
		unproven("an unreadable table", "permission denied", func(f *check.Case) {
			f.Postgres[0].Gaps = []pgfacts.Gap{{Question: "schema version", Message: "permission denied", SQLState: "42501"}}
		}),
	)
	tryPostgres(t, "migration-downgrade",
		holds("the same version", "Coder 2.35 has 535", at(535, "v2.35.1")),
		breaks("an older Coder", "the schema is at version 535, newer than that of Coder 2.34, 509", at(535, "v2.34.0")),
		holds("a newer Coder", "", at(509, "v2.35.0")),
		holds("a patch release with more migrations", "", at(421, "v2.31.0")),
		holds("a Coder newer than we know", "older than Coder 2.38", at(535, "v2.38.0")),
		unproven("a schema and a Coder newer than we know", "the last migration of Coder 2.38 is not known here", at(560, "v2.38.0")),
		unproven("an unknown tag", "is not known", at(535, "latest")),
	)
	tryPostgres(t, "migration-pending-rolling",
		holds("nothing pending", "", at(535, "v2.35.1")),
		hurts("some pending", "26 migrations are pending while 3 replicas run", at(509, "v2.35.0")),
		hurts("just not too many", "50 migrations are pending", at(485, "v2.35.0")),
		breaks("too many", "51 migrations are pending", at(484, "v2.35.0")),
		hurts("pending for a Coder newer than we know", "at least 26 migrations are pending", at(509, "v2.38.0")),
		unproven("a Coder newer than we know, and a schema as new", "not known here", at(535, "v2.38.0")),
		unproven("one replica runs", "no rolling upgrade", func(f *check.Case) {
			at(400, "v2.35.0")(f)
			f.Postgres[0].Coder.Replicas = f.Postgres[0].Coder.Replicas[:1]
		}),
		unproven("an unknown tag", "is not known", at(535, "latest")),
		breaks("another limit", "26 migrations", func(f *check.Case) {
			at(509, "v2.35.0")(f)
			f.Limits.Postgres.PendingMigrations = 25
		}),
	)
	lock := func(h pgfacts.Holder) func(*check.Case) {
		return func(f *check.Case) { f.Postgres[0].Activity.MigrationLocks = []pgfacts.Holder{h} }
	}
	idle := func(age time.Duration) func(*check.Case) {
		return func(f *check.Case) {
			f.Postgres[0].Activity.IdleInTransaction = []pgfacts.Holder{{PID: 7, User: "me", Age: &age}}
		}
	}
	tryPostgres(t, "migration-lock-held",
		holds("nobody", "", nil),
		holds("a migration that runs", "a migration runs now", lock(pgfacts.Holder{PID: 5, Granted: true, Age: new(15 * time.Minute)})),
		hurts("one that is stuck", "a session holds Coder's migration lock since 16m", lock(pgfacts.Holder{PID: 5, Granted: true, Age: new(16 * time.Minute)})),
		hurts("one that waits too long", "a session waits for Coder's migration lock", lock(pgfacts.Holder{PID: 5, Age: new(time.Hour)})),
		unproven("one that the role may not see", "may not see since when", lock(pgfacts.Holder{PID: 5, Granted: true})),
		holds("a transaction that idles a little", "", idle(5*time.Minute)),
		hurts("a transaction that idles long", "keeps a transaction open and does nothing since 6m", idle(6*time.Minute)),
		holds("another limit", "", func(f *check.Case) {
			idle(6 * time.Minute)(f)
			f.Limits.Postgres.IdleTransaction = time.Hour
		}),
	)
}
