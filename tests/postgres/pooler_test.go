package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

func bouncer(t *testing.T, server *postgrestest.Server, mode, raw string, settings map[string]string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	b, err := postgrestest.StartBouncer(ctx, server, mode, []string{preflight.DatabaseOf(t, raw)}, settings)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Stop()) })
	return preflight.Through(t, raw, fmt.Sprintf("%s:%d", b.Host, b.Port))
}

func TestPgBouncer(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("in session mode works", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, bouncer(t, server, "session", preflight.Database(t, server), nil))
		got.Expect(t, nil, nil)
		assert.True(t, got.Postgres.Facts[0].Proxy.Present)
		assert.Contains(t, got.Note(t, "postgres-pooler"), "through ")
	})
	for name, settings := range map[string]map[string]string{
		"in transaction mode breaks LISTEN":                          nil,
		"in transaction mode with one server connection does so too": {"default_pool_size": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Ask(t, bouncer(t, server, "transaction", preflight.Database(t, server), settings))
			got.Expect(t, []string{"postgres-pooler"}, nil)
			assert.Contains(t, got.Message(t, "postgres-pooler"), "pools transactions")
		})
	}
	t.Run("in statement mode does so too", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, bouncer(t, server, "statement", preflight.Database(t, server), nil))
		assert.Contains(t, got.Failed("error"), "postgres-pooler")
	})
	t.Run("as Debian ships it refuses Coder's driver", func(t *testing.T) {
		t.Parallel()
		got := preflight.Ask(t, bouncer(t, server, "session", preflight.Database(t, server), map[string]string{"ignore_startup_parameters": ""}))
		got.Expect(t, unreachable, nil)
		assert.Contains(t, got.Message(t, "postgres-unreachable"), "PgBouncer refuses the start-up parameter extra_float_digits")
	})
	t.Run("with a wrong password", func(t *testing.T) {
		t.Parallel()
		raw := bouncer(t, server, "session", preflight.Database(t, server), nil)
		got := preflight.Ask(t, preflight.Change(t, raw, wrongPassword))
		got.Expect(t, unreachable, nil)
		assert.Equal(t, "authentication", got.Step(t))
	})
}
