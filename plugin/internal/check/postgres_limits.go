package check

import "time"

// PostgresLimits are the thresholds of the checks on the database that are this
// project's choice, and those that a flag may change.
type PostgresLimits struct {
	// LatencyWarning is 10 ms: Coder's scaling guide asks for less between
	// coderd and its database. Coder's own health check warns from 15 ms on
	// (EDB02, CODER_HEALTH_CHECK_THRESHOLD_DATABASE).
	LatencyWarning time.Duration
	// LatencyError is 50 ms, this project's choice: an API request that asks
	// ten times then waits half a second.
	LatencyError time.Duration
	// ConnectionsShare is the share of the free connections, in percent, above
	// which a deployment is warned of: 80.
	ConnectionsShare int
	// MigrationLock is how long the migration lock may be held: 15 minutes,
	// after which Coder's upgrade guide asks to call its support.
	MigrationLock time.Duration
	// IdleTransaction is how long a transaction may do nothing: 5 minutes. It
	// can keep a migration waiting indefinitely.
	IdleTransaction time.Duration
	// PendingMigrations is from how many on a rolling upgrade is an error: 50,
	// about two minor versions of Coder.
	PendingMigrations int
}

// DefaultPostgresLimits are the thresholds without any flag.
func DefaultPostgresLimits() PostgresLimits {
	return PostgresLimits{
		LatencyWarning: 10 * time.Millisecond, LatencyError: 50 * time.Millisecond, ConnectionsShare: 80,
		MigrationLock: 15 * time.Minute, IdleTransaction: 5 * time.Minute, PendingMigrations: 50,
	}
}
