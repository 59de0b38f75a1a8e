package report

import (
	"fmt"
	"io"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// summary repeats in a line each what is wrong, and says what was not verified:
// the end of a report is what stands on the screen.
func (t textWriter) summary(w io.Writer, r Report) {
	s := r.Summary()
	for _, o := range r.Outcomes {
		if worst, failed := o.Worst(); failed {
			fmt.Fprintf(w, "%s %s: %s\n", t.mark(worst), o.ID, o.Findings[0].Message)
		}
	}
	if r.Running != nil && s.Failed > 0 && !t.verbose {
		fmt.Fprintf(w, "%s\n", t.paint(dim, "  --verbose says what to do, and shows every check"))
	}
	fmt.Fprintf(w, "%d passed, %d failed (%s, %s, %d info), %d skipped\n", s.Passed, s.Failed,
		human.Count(s.Error, "error"), human.Count(s.Warning, "warning"), s.Info, s.Skipped)
	if r.Incomplete != "" {
		fmt.Fprintf(w, "%s the run ended early: %s\n", t.paint(yellow, markWarning), r.Incomplete)
	}
	if proof, n := bestProof(r.Outcomes); n > 0 {
		how := "to verify"
		if n < s.Unproven {
			how = fmt.Sprintf("to verify %d of them", n)
		}
		fmt.Fprintf(w, "%s not verified: %s\n    %s: %s\n", t.paint(yellow, markSkipped), unverified(r.Outcomes), how, proof)
	}
	if flag := notAsked(r.Outcomes); flag != "" && r.Running == nil {
		fmt.Fprintf(w, "%s not asked: %s, which ask replicas that run\n    to ask pods in their place: %s\n",
			t.paint(yellow, markSkipped), counted(r.Outcomes, check.Outcome.NotAsked), flag)
	}
	fmt.Fprintf(w, "Result: %s\n", t.result(r))
}

// notAsked is the flag that would ask what nobody asked for; empty where there is none.
func notAsked(outcomes []check.Outcome) (flag string) {
	for _, o := range outcomes {
		if o.NotAsked() {
			return o.Skip.Flag
		}
	}
	return ""
}

// result is the last line. Passed stands alone only where nothing is left open.
func (t textWriter) result(r Report) string {
	s := r.Summary()
	open := ""
	switch {
	case s.Unproven == 1:
		open = unverified(r.Outcomes) + " was not verified"
	case s.Unproven > 1:
		open = unverified(r.Outcomes) + " were not verified"
	}
	switch r.Verdict() {
	case "fail":
		if s.Error+s.Warning+s.Info == 0 {
			return t.paint(red, "failed") + ": " + open
		}
		return t.paint(red, "failed")
	case "incomplete":
		return t.paint(yellow, "incomplete")
	case "warn":
		text := t.paint(yellow, "passed") + " with " + human.Count(s.Error+s.Warning, "warning")
		if s.Error > 0 {
			text = t.paint(yellow, "passed") + " with " + human.Count(s.Error+s.Warning, "finding")
		}
		if open != "" {
			text += ", and " + open
		}
		return text
	}
	if open != "" {
		return t.paint(yellow, "passed") + ", but " + open
	}
	return t.paint(green, "passed")
}

// unverified counts the checks that apply and could not be verified.
func unverified(outcomes []check.Outcome) string { return counted(outcomes, check.Outcome.Unproven) }

// counted counts some of the checks.
func counted(outcomes []check.Outcome, some func(check.Outcome) bool) string {
	all, errors := 0, 0
	for _, o := range outcomes {
		if some(o) {
			all++
			if o.Severity == check.Error {
				errors++
			}
		}
	}
	return fmt.Sprintf("%s (%d of severity error)", human.Count(all, "check"), errors)
}

// bestProof is what would verify most of the checks that were not, and how many:
// those of severity error count first. A check that another one stands in the way
// of is verified by what verifies that one.
func bestProof(outcomes []check.Outcome) (proof string, n int) {
	type weight struct{ errors, all int }
	weights := map[string]weight{}
	var best weight
	for _, o := range outcomes {
		if !o.Unproven() {
			continue
		}
		by := rootProof(outcomes, o)
		w := weights[by]
		w.all++
		if o.Severity == check.Error {
			w.errors++
		}
		weights[by] = w
		if w.errors > best.errors || w.errors == best.errors && w.all > best.all {
			best, proof = w, by
		}
	}
	return proof, best.all
}

func rootProof(outcomes []check.Outcome, o check.Outcome) string {
	for _, other := range outcomes {
		if o.Skip.See != "" && other.ID == o.Skip.See && other.Unproven() {
			return other.Skip.Proof
		}
	}
	return o.Skip.Proof
}
