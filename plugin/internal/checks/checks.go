// Package checks is the list of all checks. Each area of them has a folder.
package checks

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/access"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/cluster"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/examples"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/hosts"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/postgres"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/relay"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/relaytls"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/rendering"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/running"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/settings"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/workload"
)

// All is every check, in the order of reports, with its example.
func All() []check.Check {
	all := slices.Concat(
		rendering.Checks(),
		relay.Checks(), relaytls.Checks(), cluster.Checks(), access.Checks(),
		settings.Checks(), postgres.Checks(),
		workload.Checks(), hosts.Checks(),
		running.Checks(),
	)
	for i := range all {
		all[i].Change = examples.Of(all[i].ID)
	}
	return all
}
