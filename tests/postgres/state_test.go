package postgres

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
)

func TestReadOnlyServers(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("a streaming standby", func(t *testing.T) {
		t.Parallel()
		replica := get(t, standby)
		got := preflight.Ask(t, replica.SuperURL())
		got.Expect(t, []string{"postgres-read-only"}, nil)
		assert.Contains(t, got.Message(t, "postgres-read-only"), "standby")
		assert.Contains(t, got.Skipped(t, "postgres-pooler"), "standby")
	})
	t.Run("a read-only role", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER ROLE "+preflight.DatabaseOf(t, raw)+" SET default_transaction_read_only = on"))
		preflight.Ask(t, raw).Expect(t, []string{"postgres-read-only"}, nil)
	})
	t.Run("a read-only database", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+preflight.DatabaseOf(t, raw)+" SET default_transaction_read_only = on"))
		preflight.Ask(t, raw).Expect(t, []string{"postgres-read-only"}, nil)
	})
}

func TestRights(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("no CREATE in the schema", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server, "ALTER SCHEMA public OWNER TO postgres", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO PUBLIC")
		got := preflight.Ask(t, raw)
		got.Expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.Message(t, "postgres-schema"), "may not create tables in the schema public")
	})
	t.Run("no schema at all", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, preflight.With(t, preflight.Database(t, server), "search_path", "missing"))
		got.Expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.Message(t, "postgres-schema"), "no schema of the search_path exists")
	})
	t.Run("tables of somebody else", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server, "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)",
			"INSERT INTO schema_migrations VALUES (535, false)")
		got := preflight.Ask(t, raw)
		got.Expect(t, []string{"postgres-schema"}, nil)
		assert.Contains(t, got.Message(t, "postgres-schema"), "belong to postgres")
		assert.Contains(t, got.Skipped(t, "migration-dirty"), "may not read the table")
	})
	t.Run("a member of the owning role", func(t *testing.T) {
		t.Parallel()
		raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535})
		name := preflight.DatabaseOf(t, raw)
		require.NoError(t, server.Exec(t.Context(), name, "CREATE ROLE m"+name+" LOGIN PASSWORD '"+server.Password+"' IN ROLE "+name))
		preflight.Ask(t, preflight.Change(t, raw, func(u *url.URL) { u.User = url.UserPassword("m"+name, server.Password) })).Expect(t, nil, nil)
	})
	t.Run("a superuser", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		preflight.Ask(t, preflight.Change(t, raw, func(u *url.URL) { u.User = url.UserPassword("postgres", server.Password) })).Expect(t, nil, nil)
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
		"shorter than the probe":      {"ALTER ROLE %[1]s SET statement_timeout = '100ms'", "role", "statement_timeout is 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := preflight.Database(t, server)
			require.NoError(t, server.Exec(t.Context(), "postgres", fmt.Sprintf(tc.statement, preflight.DatabaseOf(t, raw))))
			got := preflight.Ask(t, raw)
			got.Expect(t, nil, []string{"postgres-timeouts"})
			assert.Contains(t, got.Message(t, "postgres-timeouts"), tc.says)
			assert.Contains(t, got.Stdout, "set for the "+tc.source)
		})
	}
	t.Run("of the URL", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, preflight.With(t, preflight.Database(t, server), "statement_timeout", "60000"))
		got.Expect(t, nil, []string{"postgres-timeouts"})
		assert.Contains(t, got.Stdout, "set for the URL")
	})
	t.Run("long enough", func(t *testing.T) {
		t.Parallel()
		preflight.Ask(t, preflight.With(t, preflight.Database(t, server), "statement_timeout", "3600000")).Expect(t, nil, nil)
	})
}

func TestConnections(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	connections := []string{"postgres-connections"}
	t.Run("more replicas than fit", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, preflight.Database(t, server), "--replicas", "12")
		got.Expect(t, connections, nil)
		assert.Contains(t, got.Message(t, "postgres-connections"), "the replicas cannot all connect")
	})
	t.Run("a small limit of the role", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER ROLE "+preflight.DatabaseOf(t, raw)+" CONNECTION LIMIT 39"))
		got := preflight.Ask(t, raw)
		got.Expect(t, connections, nil)
		assert.Contains(t, got.Message(t, "postgres-connections"), "the limit of the role")
	})
	t.Run("a tight limit of the database", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+preflight.DatabaseOf(t, raw)+" CONNECTION LIMIT 45"))
		got := preflight.Ask(t, raw)
		got.Expect(t, nil, connections)
		preflight.Ask(t, raw, "--postgres-connections-warning", "95").Expect(t, nil, nil)
	})
	t.Run("room for one connection only", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+preflight.DatabaseOf(t, raw)+" CONNECTION LIMIT 1"))
		got := preflight.Ask(t, raw)
		got.Expect(t, connections, nil)
		assert.Contains(t, got.Message(t, "postgres-connections"), "too many connections for database")
		assert.Contains(t, got.Skipped(t, "postgres-pooler"), "no second connection")
	})
	t.Run("a database at its limit", func(t *testing.T) {
		t.Parallel()
		raw := preflight.Database(t, server)
		require.NoError(t, server.Exec(t.Context(), "postgres", "ALTER DATABASE "+preflight.DatabaseOf(t, raw)+" CONNECTION LIMIT 0"))
		got := preflight.Ask(t, raw)
		got.Expect(t, []string{"postgres-unreachable", "postgres-connections"}, nil)
		assert.Equal(t, "database", got.Step(t))
		assert.Contains(t, got.Message(t, "postgres-unreachable"), "too many connections for database")
		assert.Contains(t, got.Message(t, "postgres-unreachable"), "53300")
	})
}

func TestSeveralURLs(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	one, two := preflight.Database(t, server), preflight.Database(t, server)
	again := preflight.Change(t, one, func(u *url.URL) { u.Host = "localhost:" + u.Port() })
	preflight.Ask(t, one, "--postgres-url", one, "--postgres-url", again).Expect(t, nil, nil)
	got := preflight.Ask(t, one, "--postgres-url", one, "--postgres-url", two)
	got.Expect(t, []string{"postgres-same-endpoint"}, nil)
	assert.Contains(t, got.Stderr, "process list")
	other := preflight.Ask(t, one, "--postgres-url", one, "--postgres-url", preflight.Change(t, get(t, secured).SuperURL(), func(u *url.URL) { u.RawQuery = "sslmode=require" }))
	other.Expect(t, []string{"postgres-same-endpoint"}, nil)
}
