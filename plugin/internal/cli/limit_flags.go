package cli

import (
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// addPostgresLimits adds the flags that change a threshold of the checks on the
// database.
func addPostgresLimits(f *pflag.FlagSet, l *check.PostgresLimits) {
	f.DurationVar(&l.LatencyWarning, "postgres-latency-warning", l.LatencyWarning, "warn if the median round trip to the database takes at least this long")
	f.DurationVar(&l.LatencyError, "postgres-latency-error", l.LatencyError, "fail if the median round trip to the database takes at least this long")
	f.IntVar(&l.ConnectionsShare, "postgres-connections-warning", l.ConnectionsShare, "warn if the replicas need more than this percentage of the free connections")
	f.DurationVar(&l.MigrationLock, "migration-lock-warning", l.MigrationLock, "warn if Coder's migration lock is held or awaited for longer than this")
	f.DurationVar(&l.IdleTransaction, "idle-transaction-warning", l.IdleTransaction, "warn if a transaction is idle for longer than this")
	f.IntVar(&l.PendingMigrations, "pending-migrations-error", l.PendingMigrations, "fail if more migrations than this are pending while several replicas run")
}
