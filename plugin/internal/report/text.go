package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// The marks are those that terminals and Windows consoles both have.
const (
	markPassed  = "√"
	markWarning = "‼"
	markFailed  = "×"
	markInfo    = "i"
	markSkipped = "~"
)

// textWriter writes for people: a heading for each area, a line for each
// check, and below a line that is not good what was seen and what to do.
type textWriter struct {
	color, verbose bool
	// columns is how many letters a line of the screen has; 0 where there is none.
	columns int
}

func (t textWriter) Write(w io.Writer, r Report) error {
	out := bufio.NewWriter(w)
	for _, page := range distinct(r.Pages) {
		postgresPage(out, page)
	}
	if r.Running != nil {
		t.running(out, r)
	} else {
		t.deployment(out, r)
	}
	t.mesh(out, r)
	for _, area := range areas(r.Outcomes) {
		// What runs is shown on one screen: the summary says what is wrong.
		if r.Running == nil || t.verbose {
			t.area(out, area)
		}
	}
	t.summary(out, r)
	return out.Flush()
}

// areas groups the outcomes, in their order.
func areas(outcomes []check.Outcome) [][]check.Outcome {
	var groups [][]check.Outcome
	for i, o := range outcomes {
		if i == 0 || outcomes[i-1].Area.ID != o.Area.ID {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], o)
	}
	return groups
}

// deployment says what was read and which addresses the replicas advertise.
func (t textWriter) deployment(w io.Writer, r Report) {
	d := r.Deployment
	if len(d.Replicas) == 0 {
		return
	}
	version := "Coder of unknown version"
	if d.CoderVersion != "" {
		version = "Coder " + d.CoderVersion
	}
	fmt.Fprintf(w, "%s: %s, %s\n", d.Source, strings.Join(d.Workloads, ", "), version)
	fmt.Fprintf(w, "  access URL  %s\n", orNone(d.Replicas[0].AccessURL))
	for i, replica := range d.Replicas {
		if i == 3 && len(d.Replicas) > 4 && !t.verbose {
			fmt.Fprintf(w, "  … and %d more replicas\n", len(d.Replicas)-i)
			break
		}
		fmt.Fprintf(w, "  %-10s  relay %s  cluster host %s\n", replica.Name, orNone(replica.RelayURL), orNone(replica.ClusterHost))
	}
	if d.Refusal != "" {
		fmt.Fprintf(w, "  %s %s\n", t.paint(red, markFailed), "the chart refuses these values: "+d.Refusal)
	}
	fmt.Fprintln(w)
}

func orNone(text string) string {
	if text == "" {
		return "(not set)"
	}
	return text
}

func (t textWriter) area(w io.Writer, outcomes []check.Outcome) {
	title := outcomes[0].Area.Title
	fmt.Fprintf(w, "%s\n%s\n", title, strings.Repeat("-", utf8.RuneCountInString(title)))
	var skipped []check.Outcome
	for _, o := range outcomes {
		if o.Status == check.Skipped && !t.verbose {
			skipped = append(skipped, o)
			continue
		}
		t.outcome(w, o)
	}
	t.skipped(w, skipped)
	fmt.Fprintln(w)
}

// skipped puts the checks that were skipped for one reason together: first what
// is left to verify, then what does not apply.
func (t textWriter) skipped(w io.Writer, outcomes []check.Outcome) {
	var skips []check.Skip
	ids := map[check.Skip][]string{}
	for _, o := range outcomes {
		if _, seen := ids[o.Skip]; !seen {
			skips = append(skips, o.Skip)
		}
		ids[o.Skip] = append(ids[o.Skip], o.ID)
	}
	for _, skip := range skips {
		if skip.Proof != "" {
			fmt.Fprintf(w, "%s not verified: %s\n    because %s\n    to verify: %s\n", t.paint(yellow, markSkipped),
				listed(ids[skip]), skip.Reason, skip.Proof)
		}
	}
	for _, skip := range skips {
		if skip.Proof == "" {
			fmt.Fprintf(w, "%s\n", t.paint(dim, fmt.Sprintf("%s %s: %s", markSkipped, skip.Reason, listed(ids[skip]))))
		}
	}
}

// fewIDs is up to how many ids stand in a list; more of them are counted.
const fewIDs = 3

// listed names a few checks, and counts more of them.
func listed(ids []string) string {
	if len(ids) > fewIDs {
		return fmt.Sprintf("%d checks (--verbose lists them)", len(ids))
	}
	return strings.Join(ids, ", ")
}

func (t textWriter) outcome(w io.Writer, o check.Outcome) {
	switch o.Status {
	case check.Passed:
		note := ""
		if o.Note != "" {
			note = ": " + o.Note
		}
		fmt.Fprintf(w, "%s %s%s\n", t.paint(green, markPassed), o.Title, note)
	case check.Skipped:
		fmt.Fprintf(w, "%s %s (%s)\n", t.paint(yellow, markSkipped), o.Title, o.ID)
		fmt.Fprintf(w, "    skipped because %s\n", o.Skip.Reason)
		if o.Skip.Proof != "" {
			fmt.Fprintf(w, "    to verify: %s\n", o.Skip.Proof)
		}
	case check.Failed:
		worst, _ := o.Worst()
		fmt.Fprintf(w, "%s %s\n", t.mark(worst), o.Title)
		for _, f := range o.Findings {
			t.finding(w, f)
		}
		fmt.Fprintf(w, "    %s\n    see %s\n", t.paint(dim, o.Why), DocsURL(o.ID))
	}
}

func (t textWriter) finding(w io.Writer, f check.Finding) {
	fmt.Fprintf(w, "    %s: %s\n", t.paint(colorOf(f.Severity), f.Severity.String()), f.Message)
	if at := place(f.Subject); at != "" {
		fmt.Fprintf(w, "      at        %s\n", at)
	}
	for _, line := range []struct{ name, text string }{{"observed", f.Observed}, {"expected", f.Expected}} {
		if line.text != "" {
			fmt.Fprintf(w, "      %-9s %s\n", line.name, line.text)
		}
	}
	if f.Remedy != "" {
		fmt.Fprintf(w, "      remedy    %s\n", strings.ReplaceAll(f.Remedy, "\n", "\n                "))
	}
}

// place names a subject as file:line, kind namespace/name, container.
func place(s check.Subject) string {
	var parts []string
	if s.File != "" {
		at := s.File
		if s.Line > 0 {
			at += fmt.Sprintf(":%d", s.Line)
		}
		parts = append(parts, at)
	}
	if s.Kind != "" {
		name := s.Kind + " " + s.Name
		if s.Namespace != "" {
			name = s.Kind + " " + s.Namespace + "/" + s.Name
		}
		parts = append(parts, name)
	} else if s.Name != "" {
		parts = append(parts, s.Name)
	}
	if s.Container != "" {
		parts = append(parts, "container "+s.Container)
	}
	if s.Replica != "" {
		parts = append(parts, "replica "+s.Replica)
	}
	return strings.Join(parts, ", ")
}

func (t textWriter) mark(s check.Severity) string {
	switch s {
	case check.Error:
		return t.paint(red, markFailed)
	case check.Warning:
		return t.paint(yellow, markWarning)
	default:
		return t.paint(blue, markInfo)
	}
}
