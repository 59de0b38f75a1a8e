package postgres

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
)

// TestARoleWhoseSearchPathHidesTheServersFunctions puts others in the place of
// what the pre-flight asks.
func TestARoleWhoseSearchPathHidesTheServersFunctions(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for name, statements := range map[string][]string{
		"functions that refuse": {
			"CREATE FUNCTION evil.version() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'no: %', repeat('x', 1000000); END $$",
			"CREATE FUNCTION evil.pg_is_in_recovery() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
		},
		"functions of another type": {
			"CREATE FUNCTION evil.version() RETURNS int LANGUAGE sql AS 'SELECT NULL::int'",
			"CREATE FUNCTION evil.pg_is_in_recovery() RETURNS text LANGUAGE sql AS $$ SELECT 'perhaps' $$",
			"CREATE FUNCTION evil.pg_backend_pid() RETURNS text LANGUAGE sql AS $$ SELECT 'nobody' $$",
			"CREATE FUNCTION evil.current_schema() RETURNS text LANGUAGE sql AS $$ SELECT repeat('s', 1000000) $$",
		},
		"functions with many rows": {
			"CREATE FUNCTION evil.version() RETURNS SETOF text LANGUAGE sql AS $$ SELECT repeat('v', 100) FROM generate_series(1, 1000) $$",
			"CREATE FUNCTION evil.clock_timestamp() RETURNS SETOF timestamptz LANGUAGE sql AS $$ SELECT now() FROM generate_series(1, 1000) $$",
		},
		"functions that sleep": {
			"CREATE FUNCTION evil.version() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(3600); RETURN 'late'; END $$",
		},
		"more than a connection may send": {
			"CREATE FUNCTION evil.version() RETURNS text LANGUAGE sql AS $$ SELECT repeat('x', 20000000) $$",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := preflight.Database(t, server, append([]string{"CREATE SCHEMA evil", "GRANT USAGE ON SCHEMA evil TO PUBLIC"}, statements...)...)
			require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER ROLE "+preflight.DatabaseOf(t, raw)+" SET search_path = evil, pg_catalog, public"))
			leavesAGap(t, preflight.Ask(t, raw))
		})
	}
}

// TestTablesOfCodersNamesThatAreNotCoders asks tables and views with other columns.
func TestTablesOfCodersNamesThatAreNotCoders(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for name, statements := range map[string][]string{
		"other columns":   {"CREATE TABLE replicas (a int)", "CREATE TABLE schema_migrations (version text)", "CREATE TABLE site_configs (key int)", "CREATE TABLE dbcrypt_keys (x int)"},
		"other types":     {"CREATE TABLE replicas (id int[], updated_at timestamptz, region_id text)", "INSERT INTO replicas VALUES ('{1}', now(), 'x')", "CREATE TABLE schema_migrations (version text, dirty text)", "INSERT INTO schema_migrations VALUES ('x', 'perhaps')"},
		"only NULLs":      {"CREATE TABLE replicas (id text, updated_at timestamptz)", "INSERT INTO replicas VALUES (NULL, NULL)", "CREATE TABLE schema_migrations (version int, dirty boolean)", "INSERT INTO schema_migrations VALUES (NULL, NULL)"},
		"a megabyte each": {"CREATE TABLE replicas (id text, updated_at timestamptz, error text)", "INSERT INTO replicas SELECT repeat('x', 1000000), now(), repeat('e', 1000000) FROM generate_series(1, 5)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leavesAGap(t, preflight.Ask(t, preflight.Database(t, server, append(statements, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")...)))
		})
	}
}

// leavesAGap holds a report to what was not answered: it is a gap, or the step in
// which the connection was lost.
func leavesAGap(t *testing.T, got preflight.Outcome) {
	t.Helper()
	require.Len(t, got.Postgres.Facts, 1)
	facts := got.Postgres.Facts[0]
	assert.True(t, len(facts.Gaps) > 0 || facts.FailedStep != "", "%+v", facts)
}
