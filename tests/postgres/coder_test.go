package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
)

func TestADatabaseThatACoderUses(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for _, tc := range []struct {
		name             string
		rows             preflight.CoderRows
		args             []string
		errors, warnings []string
	}{
		{"as it should be", preflight.CoderRows{Version: 535, Replicas: preflight.ThreeReplicas()}, []string{"--coder-version", "v2.35.1"}, nil, nil},
		{"dirty", preflight.CoderRows{Version: 401, Dirty: true}, nil, []string{"migration-dirty"}, nil},
		{"newer than the image", preflight.CoderRows{Version: 535}, []string{"--coder-version", "2.34.2"}, []string{"migration-downgrade"}, nil},
		{"a rolling upgrade", preflight.CoderRows{Version: 509, Replicas: preflight.ThreeReplicas()}, []string{"--coder-version", "2.35.0"}, nil, []string{"migration-pending-rolling"}},
		{"a large rolling upgrade", preflight.CoderRows{Version: 401, Replicas: preflight.ThreeReplicas()}, []string{"--coder-version", "2.35.0"}, []string{"migration-pending-rolling"}, nil},
		{"an upgrade of one replica", preflight.CoderRows{Version: 401, Replicas: preflight.ThreeReplicas()[:1]}, []string{"--coder-version", "2.35.0"}, nil, nil},
		{
			"a replica far from the database",
			preflight.CoderRows{Version: 535, Replicas: append(preflight.ThreeReplicas()[:2], preflight.Replica{Hostname: "coder-2", Age: "1 s", Latency: 21_000})},
			nil, nil,
			[]string{"postgres-latency-uneven"},
		},
		{
			"a stopped replica and a proxy far from the database",
			preflight.CoderRows{Version: 535, Replicas: append(preflight.ThreeReplicas(), preflight.Replica{Hostname: "coder-3", Age: "1 s", Latency: 90_000, Stopped: true}, preflight.Replica{Hostname: "eu", Age: "1 s", Latency: 90_000, Proxy: true})},
			nil, nil, nil,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := preflight.Ask(t, preflight.CoderDatabase(t, server, tc.rows), tc.args...)
			got.Expect(t, tc.errors, tc.warnings)
			assert.Empty(t, got.Postgres.Facts[0].Gaps)
			assert.NotContains(t, got.Stdout, "Never-sh0w-this-mesh-key")
		})
	}
}

func TestACoderV1DatabaseIsRefused(t *testing.T) {
	t.Parallel()
	preflight.Ask(t, preflight.Database(t, get(t, plain), "CREATE TABLE migration_cursor (version integer)")).Expect(t, []string{"postgres-coder-v1"}, nil)
}

// migrationLock takes coderd's migration lock, as golang-migrate does.
const migrationLock = "SELECT pg_advisory_xact_lock(1037453835920848937)"

func TestALockedMigration(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 509})
	held, err := pgx.Connect(t.Context(), raw)
	require.NoError(t, err)
	defer func() { assert.NoError(t, held.Close(t.Context())) }()
	for _, statement := range []string{"BEGIN", migrationLock, "ALTER TABLE replicas ADD COLUMN more integer"} {
		_, err := held.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	lockHeld := []string{"migration-lock-held"}
	got := preflight.Ask(t, raw, "--migration-lock-warning", "1ms", "--idle-transaction-warning", "1h")
	got.Expect(t, nil, lockHeld)
	assert.Contains(t, got.Message(t, "migration-lock-held"), "has held Coder's migration lock")
	// The migration has the table replicas: the probe does not wait for it.
	assert.Contains(t, got.Skipped(t, "postgres-foreign-replicas"), "lock timeout")
	idle := preflight.Ask(t, raw, "--idle-transaction-warning", "1ms")
	idle.Expect(t, nil, lockHeld)
	assert.Contains(t, idle.Message(t, "migration-lock-held"), "has been idle in a transaction")
	preflight.Ask(t, raw).Expect(t, nil, nil)
	assert.Contains(t, preflight.Ask(t, raw).Note(t, "migration-lock-held"), "a migration runs now")
}

func TestForeignReplicasAreFoundByValidate(t *testing.T) {
	t.Parallel()
	server := get(t, plain)
	for name, tc := range map[string]struct {
		replicas []preflight.Replica
		want     bool
	}{
		"its own":                 {preflight.ThreeReplicas(), false},
		"another deployment's":    {append(preflight.ThreeReplicas(), preflight.Replica{Hostname: "staging-0", Age: "1 s", Latency: 900}), true},
		"one that ended long ago": {append(preflight.ThreeReplicas(), preflight.Replica{Hostname: "staging-0", Age: "1 min", Latency: 900}), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535, Replicas: tc.replicas})
			got := validate(t, raw)
			found := got.Failed("error")
			if tc.want {
				assert.Contains(t, found, "postgres-foreign-replicas")
				assert.Contains(t, got.Message(t, "postgres-foreign-replicas"), "staging-0")
			} else {
				assert.NotContains(t, found, "postgres-foreign-replicas", fmt.Sprint(got.Stdout))
			}
		})
	}
}
