package cli

import (
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// addPostgresLimits adds the flags that change a threshold of the checks on the
// database.
func addPostgresLimits(f *pflag.FlagSet, l *check.PostgresLimits) {
	addTime(f, &l.LatencyWarning, "postgres-latency-warning", "warn if the median round trip to the database takes at least this long")
	addTime(f, &l.LatencyError, "postgres-latency-error", "fail if the median round trip to the database takes at least this long")
	addNumber(f, &l.ConnectionsShare, "postgres-connections-warning", 1, 100, "warn if the replicas need more than this percentage of the free connections")
	addTime(f, &l.MigrationLock, "migration-lock-warning", "warn if Coder's migration lock is held or awaited for longer than this")
	addTime(f, &l.IdleTransaction, "idle-transaction-warning", "warn if a transaction is idle for longer than this")
	addNumber(f, &l.PendingMigrations, "pending-migrations-error", 0, mostMigrations, "fail if more migrations than this are pending while several replicas run")
}

// mostMigrations is far beyond what Coder has had in all its years.
const mostMigrations = 100_000
