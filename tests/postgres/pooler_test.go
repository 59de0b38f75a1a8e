package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

func bouncer(t *testing.T, server *postgrestest.Server, mode, raw string, settings map[string]string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	b, err := postgrestest.StartBouncer(ctx, server, mode, []string{databaseOf(t, raw)}, settings)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Stop()) })
	return through(t, raw, fmt.Sprintf("%s:%d", b.Host, b.Port))
}

func TestPgBouncer(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	t.Run("in session mode works", func(t *testing.T) {
		t.Parallel()
		got := ask(t, bouncer(t, server, "session", database(t, server), nil))
		got.expect(t, nil, nil)
		assert.True(t, got.Postgres.Facts[0].Proxy.Present)
		assert.Contains(t, got.note(t, "postgres-pooler"), "through ")
	})
	for name, settings := range map[string]map[string]string{
		"in transaction mode breaks LISTEN":                          nil,
		"in transaction mode with one server connection does so too": {"default_pool_size": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ask(t, bouncer(t, server, "transaction", database(t, server), settings))
			got.expect(t, []string{"postgres-pooler"}, nil)
			assert.Contains(t, got.message(t, "postgres-pooler"), "pools transactions")
		})
	}
	t.Run("in statement mode does so too", func(t *testing.T) {
		t.Parallel()
		got := ask(t, bouncer(t, server, "statement", database(t, server), nil))
		assert.Contains(t, got.failed("error"), "postgres-pooler")
	})
	t.Run("as Debian ships it refuses Coder's driver", func(t *testing.T) {
		t.Parallel()
		got := ask(t, bouncer(t, server, "session", database(t, server), map[string]string{"ignore_startup_parameters": ""}))
		got.expect(t, unreachable, nil)
		assert.Contains(t, got.message(t, "postgres-unreachable"), "PgBouncer refuses the start-up parameter extra_float_digits")
	})
	t.Run("with a wrong password", func(t *testing.T) {
		t.Parallel()
		raw := bouncer(t, server, "session", database(t, server), nil)
		got := ask(t, change(t, raw, wrongPassword))
		got.expect(t, unreachable, nil)
		assert.Equal(t, "authentication", got.step(t))
	})
}
