package postgres

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func capacityCases(_ *testing.T, c *checktest.Cases) {
	capacity := func(c pgfacts.Capacity) func(*checktest.World) {
		return func(w *checktest.World) { w.Database().Capacity = &c }
	}
	// Three replicas with a pool of 10 need 3 x 11 x 1.2 = 39.6, so 40.
	c.About("postgres-connections",
		checktest.Notes("the default server", "40 of 97 free connections needed, 7 replicas fit", nil),
		checktest.Notes("just enough", "", capacity(pgfacts.Capacity{MaxConnections: 53, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Warns("tight", "connections are tight: the replicas need 40 of the 49", capacity(pgfacts.Capacity{MaxConnections: 52, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Warns("to the last one", "the replicas need 40 of the 40", capacity(pgfacts.Capacity{MaxConnections: 43, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Fires("one too few", "they need 40 connections, and max_connections 42 less 3 reserved leaves 39", capacity(pgfacts.Capacity{MaxConnections: 42, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Fires("others hold them", "leaves 37", capacity(pgfacts.Capacity{MaxConnections: 100, Reserved: 3, Others: 60, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Notes("a Coder that runs already holds them", "", capacity(pgfacts.Capacity{MaxConnections: 100, Reserved: 3, Own: 60, RoleLimit: -1, DatabaseLimit: -1})),
		checktest.Fires("the role has a limit", "the limit of the role coder leaves 20", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: 20, DatabaseLimit: -1})),
		checktest.Fires("the database has a limit", "the limit of the database coder leaves 30", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: -1, DatabaseLimit: 40, DatabaseOthers: 10})),
		checktest.Fires("a second connection is refused", "too many connections for database", capacity(pgfacts.Capacity{MaxConnections: 100, RoleLimit: -1, DatabaseLimit: -1, SecondRefused: "too many connections for database \"coder\""})),
		checktest.Fires("not even the probe gets one", "no connection is free, not even one: too many connections", stopped(pgfacts.Database, message("too many connections", "53300"))),
		checktest.Skips("another reason not to get one", "see postgres-unreachable", stopped(pgfacts.Database, message("starting up", "57P03"))),
		checktest.Notes("another share", "", func(w *checktest.World) {
			capacity(pgfacts.Capacity{MaxConnections: 43, Reserved: 3, RoleLimit: -1, DatabaseLimit: -1})(w)
			w.Settings.Limits.Postgres.ConnectionsShare = 100
		}),
		checktest.Skips("not answered", "how many connections it has", func(w *checktest.World) { w.Database().Capacity = nil }),
		checktest.Skips("nobody said how many replicas", "the number of replicas is not known", func(w *checktest.World) { w.Undescribed(0, "") }),
		checktest.Notes("a plan without a deployment", "40 of 97", func(w *checktest.World) { w.Undescribed(3, "") }),
		checktest.Fires("a larger pool", "they need 148 connections", func(w *checktest.World) { w.Set("CODER_PG_CONN_MAX_OPEN", "40") }),
		checktest.Notes("a Deployment surges", "53 of 97 free connections needed", func(w *checktest.World) {
			w.Workload.Kind, w.Workload.Spec.ServiceName = "Deployment", ""
			w.Workload.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{}
		}),
	)
}

func behaviorCases(_ *testing.T, c *checktest.Cases) {
	c.About("postgres-pooler",
		checktest.Notes("no pooler", "NOTIFY arrived after 2.0 ms", nil),
		checktest.Notes("a pooler in session mode", "through PgBouncer", func(w *checktest.World) { w.Database().Proxy = pgfacts.Proxy{Present: true, Name: "PgBouncer"} }),
		checktest.Fires("LISTEN is forgotten", "PgBouncer pools transactions", func(w *checktest.World) {
			w.Database().PubSub.Listening, w.Database().Proxy = false, pgfacts.Proxy{Present: true, Name: "PgBouncer", Hint: "port 6432"}
		}),
		checktest.Fires("NOTIFY gets lost", "a pooler in front of the database pools transactions", func(w *checktest.World) { w.Database().PubSub.Arrived = false }),
		checktest.Fires("processes are shared", "connections share processes of the server", func(w *checktest.World) { w.Database().PubSub.Shared = true }),
		checktest.Skips("a probe that ended early", "the probe ended early", func(w *checktest.World) { w.Database().PubSub = &pgfacts.PubSub{} }),
		checktest.Fires("LISTEN is refused", "LISTEN is refused: unimplemented", func(w *checktest.World) {
			w.Database().PubSub = &pgfacts.PubSub{Tried: true, ListenError: "unimplemented"}
		}),
		checktest.Fires("no advisory locks", "advisory locks do not work", func(w *checktest.World) {
			w.Database().Role.AdvisoryLocks = nil
			w.Database().Gaps = []pgfacts.Gap{{Question: "advisory locks", Message: "unknown function"}}
		}),
		checktest.Skips("no second connection", "there was no second connection", func(w *checktest.World) {
			w.Database().PubSub = &pgfacts.PubSub{Tried: true, Listening: true, NotifyError: "too many clients"}
		}),
		checktest.Skips("a standby", "see postgres-read-only", func(w *checktest.World) { w.Database().Server.InRecovery = true }),
	)
	timeout := func(name string, value time.Duration, source string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Database().Timeouts = []pgfacts.Timeout{{Name: name, Value: value, Source: source}}
		}
	}
	c.About("postgres-timeouts",
		checktest.Notes("none", "", nil),
		checktest.Warns("a short statement", "statement_timeout is 30s", timeout("statement_timeout", 30*time.Second, "role")),
		checktest.Warns("a short idle transaction", "idle_in_transaction_session_timeout is 1min", timeout("idle_in_transaction_session_timeout", time.Minute, "server")),
		checktest.Warns("of the URL", "statement_timeout is 500ms", timeout("statement_timeout", 500*time.Millisecond, "URL")),
		checktest.Warns("of the role in the database", "lock_timeout", timeout("lock_timeout", time.Second, "role in database")),
		checktest.Notes("long enough", "", timeout("statement_timeout", 15*time.Minute, "role")),
		checktest.Notes("of something else", "", timeout("tcp_user_timeout", time.Second, "role")),
	)
}

func ownerCases(_ *testing.T, c *checktest.Cases) {
	other := func(system, database string) func(*checktest.World) {
		return func(w *checktest.World) {
			o := checktest.GoodDatabase()
			o.Target.Origin, o.Server.SystemIdentifier, o.Server.DatabaseOID = "coder-1.env", system, database
			w.Databases = append(w.Databases, checktest.From(o)...)
		}
	}
	c.About("postgres-same-endpoint",
		checktest.Skips("one URL", "all replicas have one URL", nil),
		checktest.Notes("the same", "system 7, database 16385", other("7", "16385")),
		checktest.Fires("another database", "lead to different databases", other("7", "16386")),
		checktest.Fires("another server", "lead to different databases", other("8", "16385")),
		checktest.Skips("a server that does not tell", "which database it is", other("", "16385")),
		checktest.Skips("an unreachable one", "coder-1.env could not be asked", func(w *checktest.World) {
			other("7", "16385")(w)
			w.Databases[1].Server = nil
		}),
	)
	rename := func(name string, change func(*pgfacts.ReplicaRow)) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Used()
			r := &w.Database().Coder.Replicas[2]
			r.Hostname = name
			if change != nil {
				change(r)
			}
		}
	}
	c.About("postgres-foreign-replicas",
		checktest.Notes("its own", "3 replicas of this deployment", (*checktest.World).Used),
		checktest.Notes("pods of the upstream chart", "", rename("coder-6f7c9d8b5-x2x4z", nil)),
		checktest.Fires("a host of another deployment", "replica staging-0 uses the database, but is not part of this deployment", rename("staging-0", nil)),
		checktest.Fires("a name that only begins alike", "replica coderdev-0 uses the database, but is not part of this deployment", rename("coderdev-0", nil)),
		checktest.Notes("a workspace proxy", "", rename("proxy-0", func(r *pgfacts.ReplicaRow) { r.Primary = false })),
		checktest.Notes("one that stopped", "", rename("staging-0", func(r *pgfacts.ReplicaRow) { r.Stopped = true })),
		checktest.Notes("one that is long gone", "", rename("staging-0", func(r *pgfacts.ReplicaRow) { r.Age = 15 * time.Second })),
		checktest.Fires("one that was alive just now", "staging-0", rename("staging-0", func(r *pgfacts.ReplicaRow) { r.Age = 15*time.Second - 1 })),
		checktest.Skips("an empty database", "Coder has not used this database yet", nil),
		checktest.Skips("no deployment", "no deployment to compare with", func(w *checktest.World) {
			w.Used()
			w.Undescribed(3, "")
		}),
	)
	c.About("postgres-coder-v1",
		checktest.Notes("an empty database", "", nil),
		checktest.Passes("a Coder v2", (*checktest.World).Used),
		checktest.Fires("a Coder v1", "the database is a Coder v1 database", func(w *checktest.World) { w.Database().Coder.V1 = true }),
	)
}

func migrationCases(_ *testing.T, c *checktest.Cases) {
	at := func(version int, tag string) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Used()
			w.Database().Coder.Migration.Version = version
			w.Version(tag)
		}
	}
	c.About("migration-dirty",
		checktest.Notes("clean", "schema version 535", (*checktest.World).Used),
		checktest.Fires("dirty", "migration 535 failed partway: the schema is dirty", func(w *checktest.World) {
			w.Used()
			w.Database().Coder.Migration.Dirty = true
		}),
		checktest.Skips("an empty database", "Coder has not used this database yet", nil),
		checktest.Skips("an unreadable table", "permission denied", func(w *checktest.World) {
			w.Database().Gaps = []pgfacts.Gap{{Question: "schema version", Message: "permission denied", SQLState: "42501"}}
		}),
	)
	c.About("migration-downgrade",
		checktest.Notes("the same version", "Coder 2.35 has 535", at(535, "v2.35.1")),
		checktest.Fires("an older Coder", "the schema is at version 535, newer than that of Coder 2.34, 509", at(535, "v2.34.0")),
		checktest.Notes("a newer Coder", "", at(509, "v2.35.0")),
		checktest.Notes("a patch release with more migrations", "", at(421, "v2.31.0")),
		checktest.Notes("a Coder newer than we know", "older than Coder 2.38", at(535, "v2.38.0")),
		checktest.Skips("a schema and a Coder newer than we know", "the last migration of Coder 2.38 is not known here", at(560, "v2.38.0")),
		checktest.Skips("a migration that a later patch release may have", "a later patch release of Coder 2.36 may have migration 557", at(557, "v2.36.1")),
		checktest.Skips("an unknown tag", "is not known", at(535, "latest")),
	)
	c.About("migration-pending-rolling",
		checktest.Notes("nothing pending", "", at(535, "v2.35.1")),
		checktest.Warns("some pending", "26 migrations are pending while 3 replicas run", at(509, "v2.35.0")),
		checktest.Warns("just not too many", "50 migrations are pending", at(485, "v2.35.0")),
		checktest.Fires("too many", "51 migrations are pending", at(484, "v2.35.0")),
		checktest.Warns("pending for a Coder newer than we know", "at least 47 migrations are pending", at(509, "v2.38.0")),
		checktest.Skips("a Coder newer than we know, and a schema as new", "not known here", at(556, "v2.38.0")),
		checktest.Skips("one replica runs", "no rolling upgrade", func(w *checktest.World) {
			at(400, "v2.35.0")(w)
			w.Database().Coder.Replicas = w.Database().Coder.Replicas[:1]
		}),
		checktest.Skips("an unknown tag", "is not known", at(535, "latest")),
		checktest.Fires("another limit", "26 migrations", func(w *checktest.World) {
			at(509, "v2.35.0")(w)
			w.Settings.Limits.Postgres.PendingMigrations = 25
		}),
	)
	lock := func(h pgfacts.Holder) func(*checktest.World) {
		return func(w *checktest.World) { w.Database().Activity.MigrationLocks = []pgfacts.Holder{h} }
	}
	idle := func(age time.Duration) func(*checktest.World) {
		return func(w *checktest.World) {
			w.Database().Activity.IdleInTransaction = []pgfacts.Holder{{PID: 7, User: "me", Age: &age}}
		}
	}
	c.About("migration-lock-held",
		checktest.Notes("nobody", "", nil),
		checktest.Notes("a migration that runs", "a migration runs now", lock(pgfacts.Holder{PID: 5, Granted: true, Age: new(15 * time.Minute)})),
		checktest.Warns("one that is stuck", "a session has held Coder's migration lock for 16m", lock(pgfacts.Holder{PID: 5, Granted: true, Age: new(16 * time.Minute)})),
		checktest.Warns("one that waits too long", "a session has been waiting for Coder's migration lock for 1h", lock(pgfacts.Holder{PID: 5, Age: new(time.Hour)})),
		checktest.Skips("one that the role may not see", "may not see since when", lock(pgfacts.Holder{PID: 5, Granted: true})),
		checktest.Notes("a transaction that idles a little", "", idle(5*time.Minute)),
		checktest.Warns("a transaction that idles long", "a session has been idle in a transaction for 6m", idle(6*time.Minute)),
		checktest.Notes("another limit", "", func(w *checktest.World) {
			idle(6 * time.Minute)(w)
			w.Settings.Limits.Postgres.IdleTransaction = time.Hour
		}),
	)
}
