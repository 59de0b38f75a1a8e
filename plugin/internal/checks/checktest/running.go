package checktest

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Runs lets three replicas run as they should for an hour, with their rows in the
// database and an owner's answers of each, and changes one thing of it.
func Runs(change func(*check.Case)) func(*World) {
	return func(w *World) {
		w.Used()
		w.Then = append(w.Then, func(c *check.Case) {
			running(c)
			if change != nil {
				change(c)
			}
		})
	}
}

func running(c *check.Case) {
	since := c.Now.Add(-time.Hour)
	run := &facts.Running{
		Release:   facts.Release{Name: "coder", Namespace: "coder", Chart: "coder-0.1.0", Revision: 1, Status: "deployed"},
		Workloads: []facts.WorkloadStatus{{Kind: "StatefulSet", Name: "coder", Desired: 3, Updated: 3, Settled: true}},
		Endpoints: []facts.Endpoints{{Service: "coder", Ready: []string{"coder-0", "coder-1", "coder-2"}}},
		Budgets:   []facts.BudgetStatus{{Name: "coder", Allowed: 1, Healthy: 3, Pods: 3}},
		Events:    []facts.Event{},
	}
	rows := []pgfacts.ReplicaRow{}
	for i := range 3 {
		name, ip, node := fmt.Sprintf("coder-%d", i), fmt.Sprintf("10.0.0.%d", i+1), fmt.Sprintf("node-%d", i+1)
		run.Pods = append(run.Pods, facts.Pod{
			Name: name, IP: ip, Node: node, Phase: "Running", StatefulSet: true, Created: since, Started: since.Add(time.Second),
			Ready: true, ReadySince: since.Add(5 * time.Second), Image: "ghcr.io/coder/coder:v2.38.0",
		})
		run.Nodes = append(run.Nodes, facts.Node{Name: node, Zone: fmt.Sprintf("eu-west-1%c", 'a'+i), Region: "eu-west-1", Ready: true})
		rows = append(rows, pgfacts.ReplicaRow{
			ID: fmt.Sprintf("id-%d", i), Hostname: name, RelayAddress: "http://" + ip + ":8080", ClusterHost: ip, NATSPort: 6222, RegionID: 999,
			Version: "v2.38.0", Primary: true, StartedAt: since.Add(2 * time.Second), UpdatedAt: c.Now.Add(-3 * time.Second), Age: 3 * time.Second,
			DatabaseLatency: 900 * time.Microsecond,
		})
		c.CoderAPI = append(c.CoderAPI, facts.CoderAPI{
			Pod: name, Healthz: facts.Answer{Target: name + ":8080/healthz"}, Version: "v2.38.0",
			Entitlements: &facts.Entitlements{HasLicense: true, HighAvailability: facts.Entitled, Enabled: true},
			Health: &facts.Health{Severity: "ok", Sections: []facts.HealthSection{
				{Name: "access_url", Severity: "ok"}, {Name: "database", Severity: "ok"}, {Name: "derp", Severity: "ok"},
			}},
			Licenses: []facts.License{{ID: 1, Expires: c.Now.Add(200 * 24 * time.Hour)}}, LicensesRead: true,
		})
	}
	c.Running = run
	c.Postgres[0].Coder.Replicas = rows
}
