// Package settings declares the checks of what coderd makes of its settings, of what
// must agree between replicas, and of what must differ.
package settings

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "settings", Title: "Settings: what coderd accepts, what must agree, and what must differ"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(refusalChecks(), unknownChecks(), agreementChecks(), storageChecks(), provisionerChecks(), countChecks())
}
