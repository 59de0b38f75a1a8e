// Package checks declares every check, one file for each idea. A check is a
// pure function from facts to findings; package check runs them.
package checks

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// The areas, in the order in which reports show them.
var (
	renderingArea = check.Area{ID: "rendering", Title: "Rendering: what the chart asks the cluster"}
	relayArea     = check.Area{ID: "relay", Title: "Relay: how replicas reach each other's DERP relay"}
	relayTLSArea  = check.Area{ID: "relay-tls", Title: "Relay over TLS"}
	clusterArea   = check.Area{ID: "cluster", Title: "Cluster: pubsub between replicas"}
	accessArea    = check.Area{ID: "access", Title: "Access: what users and workspaces reach"}
	postgresArea  = check.Area{ID: "postgres", Title: "Postgres: the one database of all replicas"}
)

// All is every check, in the order of reports.
func All() []check.Check {
	return slices.Concat(
		renderingChecks(),
		relayURLChecks(), relaySourceChecks(), relayModeChecks(),
		relayTLSChecks(), certificateChecks(),
		clusterHostChecks(), clusterNetworkChecks(),
		accessURLChecks(), listenChecks(), frontendChecks(),
		postgresURLChecks(), postgresServerSideChecks(),
	)
}
