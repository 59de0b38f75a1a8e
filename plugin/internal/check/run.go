package check

import (
	"fmt"
	"sync"
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

// Run judges facts with every check, side by side, and returns the outcomes in
// the declared order. A check whose id is in suppressed is not run; the map's
// value says who asked for that.
//
// A check that panics fails with a finding that says so: one broken check must
// not hide what the others found.
func Run[F any](checks []Check[F], facts F, suppressed map[string]string) []Outcome {
	outcomes := make([]Outcome, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		outcomes[i] = Outcome{ID: c.ID, Area: c.Area, Severity: c.Severity, Title: c.Title, Why: c.Why}
		if by, ok := suppressed[c.ID]; ok {
			outcomes[i].Status, outcomes[i].Suppressed = Skipped, true
			outcomes[i].Skip = Skip{Reason: "suppressed by " + by}
			continue
		}
		wg.Go(func() { outcomes[i].settle(judge(c, facts), c.Remedy) })
	}
	wg.Wait()
	return outcomes
}

// judge calls the check's function and turns a panic into a finding.
func judge[F any](c Check[F], facts F) (result Result) {
	defer func() {
		if r := recover(); r != nil {
			result = Fail(Finding{
				Severity: Error,
				Message:  fmt.Sprintf("the check itself failed: %v", r),
				Remedy:   "Report this with the output of `helm coder-ha version`; --skip " + c.ID + " leaves the check out.",
			})
		}
	}()
	result = c.Judge(facts)
	for i := range result.Findings {
		if result.Findings[i].Severity == 0 {
			result.Findings[i].Severity = c.Severity
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
