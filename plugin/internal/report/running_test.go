package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// degraded is a deployment of which one replica runs, one drains and one is lost.
func degraded() *check.Case {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	pod := func(name, node string, change func(*facts.Pod)) facts.Pod {
		p := facts.Pod{
			Name: name, IP: "10.0.0.1", Node: node, Phase: "Running", StatefulSet: true, Created: now.Add(-3 * time.Hour), Started: now.Add(-3 * time.Hour),
			Ready: true, ReadySince: now.Add(-3 * time.Hour), Image: "ghcr.io/coder/coder:v2.35.1",
		}
		change(&p)
		return p
	}
	row := func(name string, age time.Duration, failure string) pgfacts.ReplicaRow {
		return pgfacts.ReplicaRow{
			ID: name, Hostname: name, Primary: true, Version: "v2.35.1", StartedAt: now.Add(-3 * time.Hour), Age: age, Error: failure,
			DatabaseLatency: 900 * time.Microsecond,
		}
	}
	return &check.Case{Facts: &facts.Facts{
		Now:        now,
		Deployment: &deployment.Deployment{Source: "release coder in namespace coder", Workloads: []deployment.Workload{{Kind: "StatefulSet", Namespace: "coder", Name: "coder"}}},
		Running: &facts.Running{
			Release:   facts.Release{Name: "coder", Namespace: "coder", Chart: "coder-0.1.0", Revision: 4, Status: "deployed"},
			Workloads: []facts.WorkloadStatus{{Kind: "StatefulSet", Name: "coder", Desired: 3, Updated: 3}},
			Pods: []facts.Pod{
				pod("coder-0", "node-1", func(*facts.Pod) {}),
				pod("coder-1", "node-2", func(p *facts.Pod) { p.Deadline = now.Add(time.Minute) }),
				pod("coder-2", "node-3", func(p *facts.Pod) {
					p.Ready, p.Restarts, p.Trouble, p.ReadySince = false, 4, "CrashLoopBackOff", now.Add(-time.Minute)
				}),
			},
			Nodes:     []facts.Node{{Name: "node-1", Zone: "a", Ready: true}, {Name: "node-2", Zone: "b", Ready: true}, {Name: "node-3", Gone: true}},
			Endpoints: []facts.Endpoints{{Service: "coder", Ready: []string{"coder-0"}, NotReady: []string{"coder-1", "coder-2"}}},
			Budgets:   []facts.BudgetStatus{{Name: "coder", Healthy: 1, Pods: 3}},
			Events: []facts.Event{
				{Object: "Pod coder-2", Reason: "BackOff", Message: "Back-off restarting failed container", Count: 9, Last: now.Add(-time.Minute)},
				{Object: "Pod coder-0", Reason: "Unhealthy", Message: "it has become ready since", Count: 1, Last: now.Add(-4 * time.Hour)},
				{Object: "Pod coder-2", Reason: "Old", Message: "an hour ago", Count: 1, Last: now.Add(-time.Hour)},
			},
		},
		CoderAPI: []facts.CoderAPI{{
			Pod: "coder-0", Version: "v2.35.1", Entitlements: &facts.Entitlements{HasLicense: true, HighAvailability: facts.GracePeriod},
			Health: &facts.Health{Severity: "warning", Sections: []facts.HealthSection{
				{Name: "database", Severity: "warning", Messages: []facts.HealthMessage{{Code: "EDB02"}}},
				{Name: "derp", Severity: "warning", Dismissed: true, Messages: []facts.HealthMessage{{Code: "EDERP01"}}},
			}},
		}},
		Postgres: []facts.Postgres{{Facts: &pgfacts.Facts{
			Server: &pgfacts.Server{Version: "17.10", VersionNum: 170010}, Latency: pgfacts.NewLatency([]time.Duration{time.Millisecond}),
			Coder: &pgfacts.Coder{ReplicasRead: true, Migration: &pgfacts.Migration{Version: 535}, Replicas: []pgfacts.ReplicaRow{
				row("coder-0", time.Second, "Failed to dial peers: ping sibling replica coder-1 (http://10.0.0.2:8080): connection refused"),
				row("coder-1", 3*time.Second, ""), row("coder-2", 4*time.Minute, ""), row("other-0", 2*time.Second, ""),
			}},
		}}},
	}}
}

func TestWhatRunsIsOneScreen(t *testing.T) {
	t.Parallel()
	r := Of(degraded(), nil)
	r.FailOn = check.Error
	got := write(t, Output{}, r)
	path := filepath.Join("testdata", "running.golden")
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
	assert.Less(t, bytes.Count(got, []byte("\n")), 24)
}

func TestWhatRunsFitsItsSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("../../../docs/report.schema.json")
	require.NoError(t, err)
	unknown := degraded()
	unknown.CoderAPI, unknown.Postgres, unknown.Running.Nodes, unknown.Running.Endpoints, unknown.Running.Pods = nil, nil, nil, nil, nil
	for _, c := range []*check.Case{degraded(), unknown} {
		got, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, Output{Format: "json"}, Of(c, nil))))
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(got))
	}
}
