package check

import (
	"fmt"
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Status is the verdict on one check.
type Status string

// The three verdicts. Nothing unproven is called passed.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Outcome is a check with its verdict.
type Outcome struct {
	ID       string
	Area     Area
	Severity Severity
	Title    string
	Why      string
	Status   Status
	Skip     Skip
	// Suppressed says that the user asked to leave this check out.
	Suppressed bool
	Note       string
	Findings   []Finding
}

// Worst is the highest severity among the findings; ok is false without any.
func (o Outcome) Worst() (worst Severity, ok bool) {
	for _, f := range o.Findings {
		if !ok || f.Severity > worst {
			worst, ok = f.Severity, true
		}
	}
	return worst, ok
}

// Unproven says that the check applies but its facts are missing.
func (o Outcome) Unproven() bool {
	return o.Status == Skipped && !o.Suppressed && o.Skip.Proof != ""
}

// NotAsked says that the check applies, but that nobody asked for its facts.
func (o Outcome) NotAsked() bool {
	return o.Status == Skipped && !o.Suppressed && o.Skip.Proof == "" && o.Skip.Flag != ""
}

// Judge judges a case with every check, side by side, and returns the outcomes in
// the declared order. A check whose id is in suppressed is not run; the map's
// value says who asked for that. One that needs evidence which is missing is
// skipped with the gap's reason and proof.
//
// A check that panics fails with a finding that says so: one broken check must
// not hide what the others found.
func Judge(checks []Check, c *Case, suppressed map[string]string) []Outcome {
	outcomes := make([]Outcome, len(checks))
	var wg sync.WaitGroup
	for i, declared := range checks {
		outcomes[i] = Outcome{
			ID: declared.ID, Area: declared.Area, Severity: declared.Severity, Title: declared.Title, Why: declared.Why,
		}
		if by, ok := suppressed[declared.ID]; ok {
			outcomes[i].Status, outcomes[i].Suppressed = Skipped, true
			outcomes[i].Skip = Skip{Reason: "suppressed by " + by}
			continue
		}
		if gap, missing := lacking(declared, c); missing {
			outcomes[i].settle(Missing(gap), "")
			continue
		}
		wg.Go(func() { outcomes[i].settle(judge(declared, c), declared.Remedy) })
	}
	wg.Wait()
	return outcomes
}

// lacking is the first gap in what a check needs.
func lacking(declared Check, c *Case) (gap facts.Gap, missing bool) {
	for _, need := range declared.Needs {
		if gap, missing := c.Missing(need); missing {
			return gap, true
		}
	}
	return facts.Gap{}, false
}

// reportAt is where a broken check is reported.
const reportAt = "https://github.com/coder-ha/coder-ha/issues"

// judge calls the check's function and turns a panic into a finding.
func judge(declared Check, c *Case) (result Result) {
	defer func() {
		if r := recover(); r != nil {
			result = Fail(Finding{
				Severity: Error,
				Message:  fmt.Sprintf("the check itself failed: %v", r),
				Remedy:   "Report this at " + reportAt + " with the output of `helm coder-ha version`. --skip " + declared.ID + " leaves the check out.",
			})
		}
	}()
	result = declared.Judge(c)
	for i := range result.Findings {
		if result.Findings[i].Severity == 0 {
			result.Findings[i].Severity = declared.Severity
		}
	}
	return result
}

// settle turns a result into a verdict.
func (o *Outcome) settle(r Result, remedy string) {
	o.Note = r.Note
	switch {
	case len(r.Findings) > 0:
		o.Status, o.Findings = Failed, r.Findings
		for i := range o.Findings {
			if o.Findings[i].Remedy == "" {
				o.Findings[i].Remedy = remedy
			}
		}
	case r.Skip != nil:
		o.Status, o.Skip = Skipped, *r.Skip
	default:
		o.Status = Passed
	}
}
