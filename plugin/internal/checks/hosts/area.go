// Package hosts declares the checks of hosts without Kubernetes: the environment
// files and units of systemd.
package hosts

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

var area = check.Area{ID: "hosts", Title: "Hosts: how systemd runs the replicas"}

// Checks are those of this area, in the order of reports.
func Checks() []check.Check {
	return slices.Concat(fileChecks(), unitChecks())
}

// onHosts is judgment.EachWorkload, for replicas that systemd runs.
func onHosts(judge func(*judgment.Judgment, *deployment.Deployment, deployment.Replica, deployment.Host)) func(*check.Case) check.Result {
	return judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		host := d.Workloads[r.Workload].Host
		if host == nil {
			j.Skip("the replicas run on Kubernetes")
			return
		}
		judge(j, d, r, *host)
	})
}
