// Package postgres declares the checks of the database, by its URL and by what the server said.
package postgres

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "postgres", Title: "Postgres: the one database of all replicas"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(urlChecks(), reachChecks(), serverChecks(), capacityChecks(), latencyChecks(), behaviorChecks(), ownerChecks(), migrationChecks())
}
