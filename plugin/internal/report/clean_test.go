package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
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
		known := secrets.New()
		known.AddWhole(short, long)
		require.NoError(t, Output{Format: format, Verbose: true}.Write(border.New(&out, known), r))
		assert.NotContains(t, out.String(), "hidden \"host", format)
		assert.NotContains(t, out.String(), `hidden \"host`, format)
		assert.NotContains(t, out.String(), ".secret.example", "nothing is left of a text that begins with another")
		assert.Contains(t, out.String(), "from (hidden) and (hidden)")
	}
}

// TestATextOfAReportIsCleanedAsAWhole has a secret that no single line gives away,
// and a text that nobody would read.
func TestATextOfAReportIsCleanedAsAWhole(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		known := secrets.New()
		known.Add("hunter2hunter")
		r := sample()
		r.Outcomes[1].Findings[0].Observed = strings.Join(strings.Split("hunter2hunter", ""), "\n  ")
		r.Outcomes[1].Findings[0].Message = strings.Repeat("again ", 20_000)
		var out bytes.Buffer
		require.NoError(t, Output{Format: format}.Write(border.New(&out, known), r))
		if format != "short" {
			// It shows no value.
			assert.Contains(t, out.String(), "(hidden)", format)
		}
		assert.NotContains(t, out.String(), `u\n  n\n  t`, format)
		assert.Contains(t, out.String(), "bytes are left out here", format)
		assert.Less(t, out.Len(), 30_000, format)
	}
}

// TestEveryTextOfAReportCanBeHidden looks at the types that a report is made of,
// those of what is seldom there included: a text that clean cannot change would be
// written as it is.
func TestEveryTextOfAReportCanBeHidden(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var visit func(of reflect.Type, at string)
	visit = func(of reflect.Type, at string) {
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			assert.NotEqual(t, reflect.Uint8, of.Elem().Kind(), "%s: a text in bytes", at)
			visit(of.Elem(), at)
		case reflect.Map:
			assert.NotEqual(t, reflect.String, of.Key().Kind(), "%s: a text as a key", at)
			visit(of.Elem(), at)
		case reflect.Interface, reflect.Func, reflect.Chan:
			assert.Fail(t, "nobody knows which text it holds", at)
		case reflect.Struct:
			if seen[of] || of == reflect.TypeFor[time.Time]() {
				return
			}
			seen[of] = true
			for field := range of.Fields() {
				assert.True(t, field.IsExported(), "%s.%s: a field that only its package can change", at, field.Name)
				visit(field.Type, at+"."+field.Name)
			}
		default:
		}
	}
	visit(reflect.TypeFor[Report](), "Report")
	assert.Contains(t, seen, reflect.TypeFor[pgfacts.TLS]())
}
