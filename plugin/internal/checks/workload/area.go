// Package workload declares the checks of what keeps the replicas running: how they
// start and stop, where they run, what a drain may do to them, what their pods are
// made of, and what the user's values say.
package workload

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "workload", Title: "Workload: where replicas run, and what may stop them"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(valuesChecks(), probeChecks(), stopChecks(), spreadChecks(), budgetChecks(), podChecks())
}
