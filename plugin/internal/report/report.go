// Package report turns the outcomes of the checks into what people and
// programs read. There is one result and a writer for each format.
package report

import (
	"io"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// SchemaVersion is the version of the JSON format. It changes only when a
// reader of the old format would misread the new one.
const SchemaVersion = "1"

// Report is everything that one run found out.
type Report struct {
	Outcomes   []check.Outcome
	Deployment Deployment
	// Postgres is nil when no server was asked.
	Postgres *Postgres
	// Positions are where replicas were asked from, and Mesh is what they answered.
	Positions []Position
	Mesh      []Link
	// Trial is nil where no pods were put in the places of the replicas.
	Trial *facts.Trial
	// Running is nil where nothing that runs was asked.
	Running *Running
	// Strict counts an unproven check of severity error as a finding.
	Strict bool
	// FailOn is the severity from which a finding fails the run.
	FailOn check.Severity
	// RefusalFails says that the run fails where the chart refuses its values.
	RefusalFails bool
	// Incomplete says why the run ended early; it is empty when it did not.
	Incomplete string
	// Pages are the probes of databases that people are shown in full.
	Pages []facts.Postgres
}

// Deployment is what the source says about the replicas.
type Deployment struct {
	// Source names where it was read, for people.
	Source string `json:"source"`
	// Workloads are kind/name of what runs the replicas.
	Workloads    []string  `json:"workloads"`
	CoderVersion string    `json:"coderVersion"`
	Replicas     []Replica `json:"replicas"`
	// Refusal is the chart's own sentence where it refuses to render.
	Refusal string `json:"refusal,omitempty"`
}

// Replica is one coderd with the addresses it will advertise. A part that only
// the cluster knows is shown as <coder-0.status.podIP>.
type Replica struct {
	Name        string `json:"name"`
	RelayURL    string `json:"relayURL"`
	AccessURL   string `json:"accessURL"`
	ClusterHost string `json:"clusterHost"`
	HTTPAddress string `json:"httpAddress"`
}

// Postgres is what the server said.
type Postgres struct {
	Reachable     bool     `json:"reachable"`
	ServerVersion string   `json:"serverVersion"`
	Latency       *Latency `json:"latencyMs,omitempty"`
	// Position is the replica from whose place it was asked; empty for this machine.
	Position string `json:"position,omitempty"`
	// Facts are all that the probes of the database found out, one entry for
	// each URL; its durations are nanoseconds.
	Facts []*pgfacts.Facts `json:"facts,omitempty"`
	// Seen are from where each of the Facts was seen.
	Seen []facts.Position `json:"-"`
}

// Latency is the round trip on one open connection, in milliseconds.
type Latency struct {
	Min     float64 `json:"min"`
	Median  float64 `json:"median"`
	P95     float64 `json:"p95"`
	Jitter  float64 `json:"jitter"`
	Samples int     `json:"samples"`
}

// Summary counts the verdicts, and the findings by severity.
type Summary struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	// Unproven are those of the skipped checks that apply and could not be
	// verified.
	Unproven int `json:"unproven"`
	Error    int `json:"error"`
	Warning  int `json:"warning"`
	Info     int `json:"info"`
}

// Summary counts what the outcomes hold.
func (r Report) Summary() Summary {
	var s Summary
	for _, o := range r.Outcomes {
		switch o.Status {
		case check.Passed:
			s.Passed++
		case check.Failed:
			s.Failed++
		case check.Skipped:
			s.Skipped++
		}
		if o.Unproven() {
			s.Unproven++
		}
		for _, f := range o.Findings {
			switch f.Severity {
			case check.Error:
				s.Error++
			case check.Warning:
				s.Warning++
			default:
				s.Info++
			}
		}
	}
	return s
}

// Fails says whether the run fails: a finding at or above FailOn, or under
// Strict an unproven check of severity error.
func (r Report) Fails() bool {
	return slices.ContainsFunc(r.Outcomes, func(o check.Outcome) bool {
		if worst, ok := o.Worst(); ok && worst >= r.FailOn {
			return true
		}
		return r.Strict && o.Unproven() && o.Severity == check.Error
	})
}

// Writer writes a report in one format.
type Writer interface {
	Write(w io.Writer, r Report) error
}
