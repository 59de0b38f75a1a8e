// Package facts is what the checks judge: the model of the deployment and what
// the probes found out about the real world.
package facts

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// Facts is the evidence of one run.
type Facts struct {
	// Now is when the facts were gathered; checks have no clock of their own.
	Now time.Time
	// Deployment is nil when only Postgres was asked.
	Deployment *deployment.Deployment
	// Limits are the thresholds that are the project's own, not Coder's.
	Limits Limits
	// Given is the database URL that the user gave to the command itself, nil
	// where it was left to the deployment.
	Given *GivenURL
	// Postgres is nil when no server was asked.
	Postgres *pgfacts.Facts
	// PostgresOthers are the same for the other nodes' URLs, where the nodes
	// have URLs of their own.
	PostgresOthers []*pgfacts.Facts
	// PostgresSkip says why no server was asked.
	PostgresSkip check.Skip
	// Plan stands in for what Deployment would say, where there is none.
	Plan Plan
}

// GivenURL is a database URL from a flag or the environment of the command. It
// may lead to the database another way than the replicas' own does.
type GivenURL struct {
	// Origin says where it came from, for people.
	Origin string
	URL    pgurl.URL
	// Err says why the URL cannot be read; it holds no secret.
	Err error
}
