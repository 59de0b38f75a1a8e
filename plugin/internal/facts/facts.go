// Package facts is what the checks judge: the model of the deployment and what
// the probes found out about the real world.
package facts

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// Facts is the evidence of one run.
type Facts struct {
	// Now is when the facts were gathered; checks have no clock of their own.
	Now time.Time
	// Deployment is nil when only Postgres was asked.
	Deployment *deployment.Deployment
	// Limits are the thresholds that are the project's own, not Coder's.
	Limits Limits
	// PostgresSkip says why no server was asked.
	PostgresSkip check.Skip
}
