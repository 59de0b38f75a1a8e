package report

import (
	"encoding/json"
	"io"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// jsonWriter writes the versioned format that docs/report.schema.json describes.
type jsonWriter struct{}

type jsonReport struct {
	SchemaVersion string      `json:"schemaVersion"`
	Verdict       string      `json:"verdict"`
	Incomplete    string      `json:"incomplete,omitempty"`
	Summary       Summary     `json:"summary"`
	Checks        []jsonCheck `json:"checks"`
	Deployment    Deployment  `json:"deployment"`
	Postgres      *Postgres   `json:"postgres,omitempty"`
	Positions     []Position  `json:"positions,omitempty"`
	Mesh          []Link      `json:"mesh,omitempty"`
	Running       *Running    `json:"running,omitempty"`
}

type jsonCheck struct {
	ID         string          `json:"id"`
	Area       string          `json:"area"`
	Severity   check.Severity  `json:"severity"`
	Title      string          `json:"title"`
	Status     check.Status    `json:"status"`
	SkipReason string          `json:"skipReason"`
	SkipProof  string          `json:"skipProof,omitempty"`
	SkipSee    string          `json:"skipSee,omitempty"`
	SkipFlag   string          `json:"skipFlag,omitempty"`
	Suppressed bool            `json:"suppressed,omitempty"`
	Note       string          `json:"note,omitempty"`
	Findings   []check.Finding `json:"findings"`
	Docs       string          `json:"docs"`
}

func (jsonWriter) Write(w io.Writer, r Report) error {
	out := jsonReport{
		SchemaVersion: SchemaVersion,
		Verdict:       r.Verdict(),
		Incomplete:    r.Incomplete,
		Summary:       r.Summary(),
		Checks:        make([]jsonCheck, 0, len(r.Outcomes)),
		Deployment:    r.Deployment,
		Postgres:      r.Postgres,
		Positions:     r.Positions,
		Mesh:          r.Mesh,
		Running:       r.Running,
	}
	for _, o := range r.Outcomes {
		c := jsonCheck{
			ID: o.ID, Area: o.Area.ID, Severity: o.Severity, Title: o.Title, Status: o.Status,
			SkipReason: o.Skip.Reason, SkipProof: o.Skip.Proof, SkipSee: o.Skip.See, SkipFlag: o.Skip.Flag, Suppressed: o.Suppressed, Note: o.Note,
			Findings: o.Findings, Docs: DocsURL(o.ID),
		}
		if c.Findings == nil {
			c.Findings = []check.Finding{}
		}
		out.Checks = append(out.Checks, c)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
