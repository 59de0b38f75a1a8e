// Package relay declares the checks of the relay URL.
package relay

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "relay", Title: "Relay: how replicas reach each other's DERP relay"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(urlChecks(), nameChecks(), sourceChecks(), modeChecks(), regionChecks(), reachChecks())
}
