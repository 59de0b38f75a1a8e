package check

import (
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Case is what a check judges: the evidence of a run, and the settings to judge
// it by.
type Case struct {
	*facts.Facts
	Settings
}

// Settings are what the user may change of a verdict.
type Settings struct {
	// Limits are the thresholds that are the project's own, not Coder's.
	Limits Limits
	// Plan stands in for the description of the replicas, where there is none.
	Plan Plan
}

// DefaultSettings are those without any flag.
func DefaultSettings() Settings { return Settings{Limits: DefaultLimits()} }

// Plan says what is to use the database.
type Plan struct {
	// Replicas is how many are planned; 0 where nobody said.
	Replicas int
	// Version is the version of Coder that is planned.
	Version coder.Version
}
