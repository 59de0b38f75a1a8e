package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// coderTables are the tables of a Coder that the probe reads, with the columns
// that coderd gives them (coderd/database/dump.sql), as its role makes them.
var coderTables = []string{
	"CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
	`CREATE TABLE replicas (
		id uuid NOT NULL PRIMARY KEY, created_at timestamptz NOT NULL, started_at timestamptz NOT NULL, stopped_at timestamptz,
		updated_at timestamptz NOT NULL, hostname text NOT NULL, region_id integer NOT NULL, relay_address text NOT NULL,
		database_latency integer NOT NULL, version text NOT NULL, error text DEFAULT ''::text NOT NULL, "primary" boolean DEFAULT true NOT NULL,
		cluster_host text DEFAULT ''::text NOT NULL, nats_port integer DEFAULT 0 NOT NULL)`,
	"CREATE TABLE site_configs (key character varying(256) PRIMARY KEY, value text NOT NULL)",
	"INSERT INTO site_configs VALUES ('deployment_id', '5b7ad2b5-3d3c-4a5c-9b0f-1c2d3e4f5a6b'), ('derp_mesh_key', 'Never-sh0w-this-mesh-key')",
	"CREATE TABLE dbcrypt_keys (number integer PRIMARY KEY, active_key_digest text, revoked_key_digest text, test text NOT NULL)",
	"CREATE UNLOGGED TABLE tailnet_peers (id uuid PRIMARY KEY)",
}

// replica is a row of the table replicas.
type replica struct {
	hostname string
	// age is how old the row is, as an interval of Postgres.
	age string
	// latency is in microseconds, as coderd writes it.
	latency int
	stopped bool
	proxy   bool
}

// coderRows are what the tables hold.
type coderRows struct {
	version  int
	dirty    bool
	replicas []replica
}

// threeReplicas are live and alike.
func threeReplicas() []replica {
	return []replica{{hostname: "coder-0", age: "2 s", latency: 800}, {hostname: "coder-1", age: "3 s", latency: 900}, {hostname: "coder-2", age: "4 s", latency: 1000}}
}

// coderDatabaseOn is a database with three replicas.
func coderDatabaseOn(t testing.TB, server *postgrestest.Server) string {
	t.Helper()
	return coderDatabase(t, server, coderRows{version: 535, replicas: threeReplicas()})
}

// coderDatabase is a database that a Coder has used, and its URL.
func coderDatabase(t testing.TB, server *postgrestest.Server, rows coderRows) string {
	t.Helper()
	raw := database(t, server)
	conn, err := pgx.Connect(t.Context(), raw)
	require.NoError(t, err)
	defer func() { assert.NoError(t, conn.Close(t.Context())) }()
	exec := func(sql string, args ...any) {
		_, err := conn.Exec(t.Context(), sql, args...)
		require.NoError(t, err, sql)
	}
	for _, statement := range coderTables {
		exec(statement)
	}
	exec("INSERT INTO schema_migrations VALUES ($1, $2)", rows.version, rows.dirty)
	for _, r := range rows.replicas {
		exec(`INSERT INTO replicas (id, created_at, started_at, stopped_at, updated_at, hostname, region_id, relay_address, database_latency, version, "primary", cluster_host, nats_port)
			VALUES (gen_random_uuid(), now() - interval '1 hour', now() - interval '1 hour', CASE WHEN $1 THEN now() END, now() - $2::interval, $3, 999,
			'http://10.0.0.1:8080', $4, 'v2.35.1+abcdef', $5, '10.0.0.1', 6222)`, r.stopped, r.age, r.hostname, r.latency, !r.proxy)
	}
	return raw
}

func TestADatabaseThatACoderUses(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for _, tc := range []struct {
		name             string
		rows             coderRows
		args             []string
		errors, warnings []string
	}{
		{"as it should be", coderRows{version: 535, replicas: threeReplicas()}, []string{"--coder-version", "v2.35.1"}, nil, nil},
		{"dirty", coderRows{version: 401, dirty: true}, nil, []string{"migration-dirty"}, nil},
		{"newer than the image", coderRows{version: 535}, []string{"--coder-version", "2.34.2"}, []string{"migration-downgrade"}, nil},
		{"a rolling upgrade", coderRows{version: 509, replicas: threeReplicas()}, []string{"--coder-version", "2.35.0"}, nil, []string{"migration-pending-rolling"}},
		{"a large rolling upgrade", coderRows{version: 401, replicas: threeReplicas()}, []string{"--coder-version", "2.35.0"}, []string{"migration-pending-rolling"}, nil},
		{"an upgrade of one replica", coderRows{version: 401, replicas: threeReplicas()[:1]}, []string{"--coder-version", "2.35.0"}, nil, nil},
		{
			"a replica far from the database",
			coderRows{version: 535, replicas: append(threeReplicas()[:2], replica{hostname: "coder-2", age: "1 s", latency: 21_000})},
			nil, nil, []string{"postgres-latency-uneven"},
		},
		{
			"a stopped replica and a proxy far from the database",
			coderRows{version: 535, replicas: append(threeReplicas(), replica{hostname: "coder-3", age: "1 s", latency: 90_000, stopped: true}, replica{hostname: "eu", age: "1 s", latency: 90_000, proxy: true})},
			nil, nil, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, coderDatabase(t, server, tc.rows), tc.args...)
			got.expect(t, tc.errors, tc.warnings)
			assert.Empty(t, got.Postgres.Facts[0].Gaps)
			assert.NotContains(t, got.Stdout, "Never-sh0w-this-mesh-key")
		})
	}
}

func TestACoderV1DatabaseIsRefused(t *testing.T) {
	t.Parallel()
	ask(t, database(t, get(t, plain), "CREATE TABLE migration_cursor (version integer)")).expect(t, []string{"postgres-coder-v1"}, nil)
}

// migrationLock takes coderd's migration lock, as golang-migrate does.
const migrationLock = "SELECT pg_advisory_xact_lock(1037453835920848937)"

func TestALockedMigration(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	raw := coderDatabase(t, server, coderRows{version: 509})
	held, err := pgx.Connect(t.Context(), raw)
	require.NoError(t, err)
	defer func() { assert.NoError(t, held.Close(t.Context())) }()
	for _, statement := range []string{"BEGIN", migrationLock, "ALTER TABLE replicas ADD COLUMN more integer"} {
		_, err := held.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	lockHeld := []string{"migration-lock-held"}
	got := ask(t, raw, "--migration-lock-warning", "1ms", "--idle-transaction-warning", "1h")
	got.expect(t, nil, lockHeld)
	assert.Contains(t, got.message(t, "migration-lock-held"), "holds Coder's migration lock")
	// The migration has the table replicas: the probe does not wait for it.
	assert.Contains(t, got.skipped(t, "postgres-foreign-replicas"), "lock timeout")
	idle := ask(t, raw, "--idle-transaction-warning", "1ms")
	idle.expect(t, nil, lockHeld)
	assert.Contains(t, idle.message(t, "migration-lock-held"), "keeps a transaction open and does nothing")
	ask(t, raw).expect(t, nil, nil)
	assert.Contains(t, ask(t, raw).note(t, "migration-lock-held"), "a migration runs now")
}

func TestForeignReplicasAreFoundByValidate(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for name, tc := range map[string]struct {
		replicas []replica
		want     bool
	}{
		"its own":                 {threeReplicas(), false},
		"another deployment's":    {append(threeReplicas(), replica{hostname: "staging-0", age: "1 s", latency: 900}), true},
		"one that ended long ago": {append(threeReplicas(), replica{hostname: "staging-0", age: "1 min", latency: 900}), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := coderDatabase(t, server, coderRows{version: 535, replicas: tc.replicas})
			got := validate(t, raw)
			found := got.failed("error")
			if tc.want {
				assert.Contains(t, found, "postgres-foreign-replicas")
				assert.Contains(t, got.message(t, "postgres-foreign-replicas"), "staging-0")
			} else {
				assert.NotContains(t, found, "postgres-foreign-replicas", fmt.Sprint(got.Stdout))
			}
		})
	}
}
