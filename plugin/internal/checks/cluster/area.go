// Package cluster declares the checks of what replicas need of each other for pubsub.
package cluster

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var area = check.Area{ID: "cluster", Title: "Cluster: pubsub between replicas"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(hostChecks(), agreementChecks(), networkChecks(), enforcementChecks(), reachChecks())
}
