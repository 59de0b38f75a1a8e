package postgres

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadOnlyServers(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("a streaming standby", func(t *testing.T) {
		t.Parallel()
		replica := get(t, standby)
		got := ask(t, replica.SuperURL())
		got.expect(t, []string{"postgres-read-only"}, nil)
		assert.Contains(t, got.message(t, "postgres-read-only"), "standby")
		assert.Contains(t, got.skipped(t, "postgres-pooler"), "standby")
	})
	t.Run("a read-only role", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER ROLE "+databaseOf(t, raw)+" SET default_transaction_read_only = on"))
		ask(t, raw).expect(t, []string{"postgres-read-only"}, nil)
	})
	t.Run("a read-only database", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+databaseOf(t, raw)+" SET default_transaction_read_only = on"))
		ask(t, raw).expect(t, []string{"postgres-read-only"}, nil)
	})
}

func TestRights(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("no CREATE in the schema", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server, "ALTER SCHEMA public OWNER TO postgres", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO PUBLIC")
		got := ask(t, raw)
		got.expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.message(t, "postgres-schema"), "may not create tables in the schema public")
	})
	t.Run("no schema at all", func(t *testing.T) {
		t.Parallel()
		got := ask(t, with(t, database(t, server), "search_path", "missing"))
		got.expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.message(t, "postgres-schema"), "no schema of the search_path exists")
	})
	t.Run("tables of somebody else", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server, "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
			"INSERT INTO schema_migrations VALUES (535, false)")
		got := ask(t, raw)
		got.expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.message(t, "postgres-schema"), "belong to postgres")
		assert.Contains(t, got.skipped(t, "migration-dirty"), "may not read the table")
	})
	t.Run("a member of the owning role", func(t *testing.T) {
		t.Parallel()
		raw := coderDatabase(t, server, coderRows{version: 535})
		name := databaseOf(t, raw)
		require.NoError(t, server.Exec(t.Context(), name, "CREATE ROLE m"+name+" LOGIN PASSWORD '"+server.Password+"' IN ROLE "+name))
		ask(t, change(t, raw, func(u *url.URL) { u.User = url.UserPassword("m"+name, server.Password) })).expect(t, nil, nil)
	})
	t.Run("a superuser", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		ask(t, change(t, raw, func(u *url.URL) { u.User = url.UserPassword("postgres", server.Password) })).expect(t, nil, nil)
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for name, tc := range map[string]struct {
		statement, source, says string
	}{
		"of the role":                 {"ALTER ROLE %[1]s SET statement_timeout = '30s'", "role", "statement_timeout is 30s"},
		"of the database":             {"ALTER DATABASE %[1]s SET idle_in_transaction_session_timeout = '1min'", "database", "idle_in_transaction_session_timeout is 1min"},
		"of the role in the database": {"ALTER ROLE %[1]s IN DATABASE %[1]s SET lock_timeout = '2s'", "role in database", "lock_timeout is 2s"},
		"shorter than the probe":      {"ALTER ROLE %[1]s SET statement_timeout = '20ms'", "role", "statement_timeout is 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := database(t, server)
			require.NoError(t, server.Exec(t.Context(), "postgres", fmt.Sprintf(tc.statement, databaseOf(t, raw))))
			got := ask(t, raw)
			got.expect(t, nil, []string{"postgres-timeouts"})
			assert.Contains(t, got.message(t, "postgres-timeouts"), tc.says)
			assert.Contains(t, got.Stdout, "set for the "+tc.source)
		})
	}
	t.Run("of the URL", func(t *testing.T) {
		t.Parallel()
		got := ask(t, with(t, database(t, server), "statement_timeout", "60000"))
		got.expect(t, nil, []string{"postgres-timeouts"})
		assert.Contains(t, got.Stdout, "set for the URL")
	})
	t.Run("long enough", func(t *testing.T) {
		t.Parallel()
		ask(t, with(t, database(t, server), "statement_timeout", "3600000")).expect(t, nil, nil)
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	connections := []string{"postgres-connections"}
	t.Run("more replicas than fit", func(t *testing.T) {
		t.Parallel()
		got := ask(t, database(t, server), "--replicas", "12")
		got.expect(t, connections, nil)
		assert.Contains(t, got.message(t, "postgres-connections"), "the replicas cannot all connect")
	})
	t.Run("a small limit of the role", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER ROLE "+databaseOf(t, raw)+" CONNECTION LIMIT 39"))
		got := ask(t, raw)
		got.expect(t, connections, nil)
		assert.Contains(t, got.message(t, "postgres-connections"), "the limit of the role")
	})
	t.Run("a tight limit of the database", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+databaseOf(t, raw)+" CONNECTION LIMIT 45"))
		got := ask(t, raw)
		got.expect(t, nil, connections)
		ask(t, raw, "--postgres-connections-warning", "95").expect(t, nil, nil)
	})
	t.Run("room for one connection only", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+databaseOf(t, raw)+" CONNECTION LIMIT 1"))
		got := ask(t, raw)
		got.expect(t, connections, nil)
		assert.Contains(t, got.message(t, "postgres-connections"), "too many connections for database")
		assert.Contains(t, got.skipped(t, "postgres-pooler"), "no second connection")
	})
	t.Run("a database at its limit", func(t *testing.T) {
		t.Parallel()
		raw := database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+databaseOf(t, raw)+" CONNECTION LIMIT 0"))
		got := ask(t, raw)
		got.expect(t, []string{"postgres-unreachable", "postgres-connections"}, nil)
		assert.Equal(t, "database", got.step(t))
		assert.Contains(t, got.message(t, "postgres-unreachable"), "too many connections for database")
		assert.Contains(t, got.message(t, "postgres-unreachable"), "53300")
	})
}

func TestSeveralURLs(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	one, two := database(t, server), database(t, server)
	again := change(t, one, func(u *url.URL) { u.Host = "localhost:" + u.Port() })
	ask(t, one, "--postgres-url", one, "--postgres-url", again).expect(t, nil, nil)
	got := ask(t, one, "--postgres-url", one, "--postgres-url", two)
	got.expect(t, []string{"postgres-same-endpoint"}, nil)
	assert.Contains(t, got.Stderr, "process list")
	other := ask(t, one, "--postgres-url", one, "--postgres-url", change(t, get(t, secured).SuperURL(), func(u *url.URL) { u.RawQuery = "sslmode=require" }))
	other.expect(t, []string{"postgres-same-endpoint"}, nil)
}
