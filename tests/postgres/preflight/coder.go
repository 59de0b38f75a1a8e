package preflight

import (
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
		database_Latency integer NOT NULL, version text NOT NULL, error text DEFAULT ''::text NOT NULL, "primary" boolean DEFAULT true NOT NULL,
		cluster_host text DEFAULT ''::text NOT NULL, nats_port integer DEFAULT 0 NOT NULL)`,
	"CREATE TABLE site_configs (key character varying(256) PRIMARY KEY, value text NOT NULL)",
	"INSERT INTO site_configs VALUES ('deployment_id', '5b7ad2b5-3d3c-4a5c-9b0f-1c2d3e4f5a6b'), ('derp_mesh_key', 'Never-sh0w-this-mesh-key')",
	"CREATE TABLE dbcrypt_keys (number integer PRIMARY KEY, active_key_digest text, revoked_key_digest text, test text NOT NULL)",
	"CREATE UNLOGGED TABLE tailnet_peers (id uuid PRIMARY KEY)",
}

// Replica is a row of the table replicas.
type Replica struct {
	Hostname string
	// Age is how old the row is, as an interval of Postgres.
	Age string
	// Latency is in microseconds, as coderd writes it.
	Latency int
	Stopped bool
	Proxy   bool
}

// CoderRows are what the tables hold.
type CoderRows struct {
	Version  int
	Dirty    bool
	Replicas []Replica
}

// ThreeReplicas are live and alike.
func ThreeReplicas() []Replica {
	return []Replica{{Hostname: "coder-0", Age: "2 s", Latency: 800}, {Hostname: "coder-1", Age: "3 s", Latency: 900}, {Hostname: "coder-2", Age: "4 s", Latency: 1000}}
}

// CoderDatabaseOn is a database with three replicas.
func CoderDatabaseOn(t testing.TB, server *postgrestest.Server) string {
	t.Helper()
	return CoderDatabase(t, server, CoderRows{Version: 535, Replicas: ThreeReplicas()})
}

// CoderDatabase is a database that a Coder has used, and its URL.
func CoderDatabase(t testing.TB, server *postgrestest.Server, rows CoderRows) string {
	t.Helper()
	raw := Database(t, server)
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
	exec("INSERT INTO schema_migrations VALUES ($1, $2)", rows.Version, rows.Dirty)
	for _, r := range rows.Replicas {
		exec(`INSERT INTO replicas (id, created_at, started_at, stopped_at, updated_at, hostname, region_id, relay_address, database_latency, version, "primary", cluster_host, nats_port)
			VALUES (md5(random()::text)::uuid, now() - interval '1 hour', now() - interval '1 hour', CASE WHEN $1 THEN now() END, now() - $2::interval, $3, 999,
			'http://10.0.0.1:8080', $4, 'v2.35.1+abcdef', $5, '10.0.0.1', 6222)`, r.Stopped, r.Age, r.Hostname, r.Latency, !r.Proxy)
	}
	return raw
}
