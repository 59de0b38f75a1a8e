package report

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// Of is the report on a case and the outcomes of its checks.
func Of(c *check.Case, outcomes []check.Outcome) Report {
	r := Report{Outcomes: outcomes, Postgres: describePostgres(c.Postgres), Running: describeRunning(c)}
	r.Positions, r.Mesh = describeMesh(c.Facts)
	r.Trial = c.Trial
	if c.Deployment != nil {
		r.Deployment = describe(c.Deployment)
	}
	return r
}

// describe is the model as reports show it.
func describe(d *deployment.Deployment) Deployment {
	out := Deployment{Source: d.Source, Refusal: d.Refusal}
	if d.Version.Known() {
		out.CoderVersion = d.Version.String()
	}
	for _, w := range d.Workloads {
		name := w.Name
		if w.Namespace != "" {
			name = w.Namespace + "/" + w.Name
		}
		out.Workloads = append(out.Workloads, w.Kind+" "+name)
	}
	for _, r := range d.Replicas {
		show := func(v deployment.Value) string {
			if v.State == deployment.Missing {
				return ""
			}
			return v.String()
		}
		out.Replicas = append(out.Replicas, Replica{
			Name: r.Name, RelayURL: show(r.Env(coder.RelayURL)), AccessURL: show(r.Env(coder.AccessURL)),
			ClusterHost: show(r.EffectiveClusterHost()), HTTPAddress: show(r.Address(coder.HTTPAddress)),
		})
	}
	return out
}

// describePostgres is what the servers said, as reports show it; nil where none
// was asked.
func describePostgres(found []facts.Postgres) *Postgres {
	if len(found) == 0 {
		return nil
	}
	f := found[0].Facts
	out := &Postgres{Reachable: f.FailedStep == "" && f.Server != nil, Position: string(found[0].Position)}
	for _, p := range distinct(found) {
		out.Facts, out.Seen = append(out.Facts, p.Facts), append(out.Seen, p.Position)
	}
	if f.Server != nil {
		out.ServerVersion = f.Server.Version
	}
	out.Latency = describeLatency(f.Latency)
	return out
}

// distinct are the probes of which people are shown everything: of those from the places
// of replicas the first one, for the others differ in little but their latency.
func distinct(found []facts.Postgres) []facts.Postgres {
	var out []facts.Postgres
	placed := false
	for _, p := range found {
		if p.Position != facts.ThisMachine && placed {
			continue
		}
		placed = placed || p.Position != facts.ThisMachine
		out = append(out, p)
	}
	return out
}

// describeLatency is in the units of reports; nil where nothing was measured.
func describeLatency(l *pgfacts.Latency) *Latency {
	if l == nil {
		return nil
	}
	return &Latency{
		Min: milliseconds(l.Min), Median: milliseconds(l.Median), P95: milliseconds(l.P95),
		Jitter: milliseconds(l.Jitter), Samples: len(l.Samples),
	}
}

// milliseconds is a duration for JSON, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
