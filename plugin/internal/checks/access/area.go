// Package access declares the checks of the access URL, the listeners and what stands before them.
package access

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "access", Title: "Access: what users and workspaces reach"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(urlChecks(), listenChecks(), frontendChecks(), serviceChecks(), hairpinChecks())
}
