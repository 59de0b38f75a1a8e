package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// FactsPage says what evidence there is, and what is missing.
func FactsPage(w io.Writer, f *facts.Facts) error {
	var out strings.Builder
	entry := func(name, text string) { fmt.Fprintf(&out, "%-9s %s\n", name, border.Line(text)) }
	entry("gathered", f.Now.UTC().Format(time.RFC3339))
	if f.Deployment != nil {
		factsOfReplicas(describe(f.Deployment), entry)
	}
	for _, given := range f.Given {
		entry("URL", fmt.Sprintf("%s from %s", given.Redacted, given.Origin))
	}
	for _, p := range f.Postgres {
		answer := "reached"
		switch {
		case p.FailedStep != "":
			answer = "not reached: " + string(p.FailedStep) + " failed"
		case p.Server != nil:
			answer = "Postgres " + p.Server.Version
		}
		entry("database", fmt.Sprintf("%s, asked from %s: %s", p.Target.URL, p.Position, answer))
		for _, gap := range p.Gaps {
			entry("", fmt.Sprintf("no answer to %s: %s", gap.Question, gap.Message))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if gap, missing := f.Missing(kind); missing {
			text := kinds[kind] + ": " + gap.Reason
			if gap.Proof != "" {
				text += "; to verify: " + gap.Proof
			}
			entry("missing", text)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// factsOfReplicas says what is known of the replicas.
func factsOfReplicas(d Deployment, entry func(name, text string)) {
	version := "Coder of unknown version"
	if d.CoderVersion != "" {
		version = "Coder " + d.CoderVersion
	}
	entry("source", fmt.Sprintf("%s: %s, %s", d.Source, strings.Join(d.Workloads, ", "), version))
	if d.Refusal != "" {
		entry("refusal", "the chart refuses these values: "+d.Refusal)
	}
	for _, r := range d.Replicas {
		entry("replica", fmt.Sprintf("%s: relay %s, access URL %s, cluster host %s", r.Name, orNone(r.RelayURL), orNone(r.AccessURL), orNone(r.ClusterHost)))
	}
}
