package report

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// TestNoFieldOfAReportShowsWhatIsHidden puts a secret into every string that a
// report can hold, and looks for it in every format.
func TestNoFieldOfAReportShowsWhatIsHidden(t *testing.T) {
	t.Parallel()
	const short, long = "hidden \"host\"", "hidden \"host\".secret.example"
	for _, format := range Formats() {
		r := Report{
			Outcomes: []check.Outcome{
				{Status: check.Failed, Findings: []check.Finding{{Severity: check.Error}}},
				{Status: check.Skipped, Skip: check.Skip{Reason: "x", Proof: "y"}},
				{Status: check.Passed},
			},
			Deployment: Deployment{Replicas: []Replica{{}}, Workloads: []string{""}},
			Postgres:   &Postgres{Facts: []*pgfacts.Facts{{Target: pgfacts.Target{}, Steps: []pgfacts.StepResult{{Status: pgfacts.StepFailed}}}}},
			Pages:      []facts.Postgres{{Facts: &pgfacts.Facts{Server: &pgfacts.Server{VersionNum: 170000}, Gaps: []pgfacts.Gap{{}}}}},
		}
		declared := append([]check.Outcome(nil), r.Outcomes...)
		rewrite(reflect.ValueOf(&r).Elem(), func(was string) string { return was + "from " + long + " and " + short })
		for i := range r.Outcomes {
			o := &r.Outcomes[i]
			o.ID, o.Area, o.Title, o.Why, o.Status = declared[i].ID, declared[i].Area, declared[i].Title, declared[i].Why, declared[i].Status
			o.Skip.See = ""
		}
		r.FailOn = check.Error
		var out bytes.Buffer
		require.NoError(t, Output{Format: format, Verbose: true}.Write(&out, r, []string{short, long}))
		assert.NotContains(t, out.String(), "hidden", format)
		assert.NotContains(t, out.String(), ".secret.example", "nothing is left of a text that begins with another")
		assert.Contains(t, out.String(), "from (from a Secret) and (from a Secret)")
	}
}
