package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/version"
)

// shortWriter writes what fits into a chat: the result with the versions, and a
// line for each finding.
type shortWriter struct{}

func (shortWriter) Write(w io.Writer, r Report) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", subject(r), textWriter{}.result(r))
	if r.Incomplete != "" {
		fmt.Fprintf(&out, "the run ended early: %s\n", r.Incomplete)
	}
	if r.Deployment.Refusal != "" {
		fmt.Fprintf(&out, "the chart refuses these values: %s\n", strings.ReplaceAll(r.Deployment.Refusal, "\n", " "))
	}
	for _, o := range r.Outcomes {
		for _, f := range o.Findings {
			at := ""
			if p := place(f.Subject); p != "" {
				at = " (" + p + ")"
			}
			fmt.Fprintf(&out, "%s %s: %s%s\n", f.Severity, o.ID, f.Message, at)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// subject says what was checked by which version.
func subject(r Report) string {
	parts := []string{"coder-ha " + version.Version}
	if d := r.Deployment; len(d.Replicas) > 0 {
		coder := "Coder of unknown version"
		if d.CoderVersion != "" {
			coder = "Coder " + d.CoderVersion
		}
		parts = append(parts, d.Source, coder, human.Count(len(d.Replicas), "replica"))
	}
	if r.Postgres != nil && r.Postgres.ServerVersion != "" {
		parts = append(parts, "Postgres "+r.Postgres.ServerVersion)
	}
	return strings.Join(parts, ", ")
}
