// Package rendering declares the checks of whether what is checked is what will be installed.
package rendering

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "rendering", Title: "Rendering: what the chart asks the cluster"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return lookupChecks()
}
