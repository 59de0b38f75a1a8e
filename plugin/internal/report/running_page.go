package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// cell is one field of a table, with the color that it has if any.
type cell struct {
	text  string
	color *border.Color
}

// running is the screen of what runs.
func (t textWriter) running(w io.Writer, r Report) {
	run, d := r.Running, r.Deployment
	version := ""
	if d.CoderVersion != "" {
		version = ", Coder " + d.CoderVersion
	}
	fmt.Fprintf(w, "%s\n", releaseLine(run.Release, d.Source))
	fmt.Fprintf(w, "%s%s", strings.Join(d.Workloads, ", "), version)
	if !run.unread(facts.Pods) {
		fmt.Fprintf(w, ": %d of %s ready", run.Ready, human.Count(run.Desired, "replica"))
	}
	if run.Draining > 0 {
		fmt.Fprintf(w, ", %d draining", run.Draining)
	}
	fmt.Fprintf(w, "\n\n")
	if len(run.Pods) > 0 {
		t.table(w, podTable(run.Pods))
	}
	for _, p := range run.Pods {
		if p.Row != nil && p.Row.Error != "" {
			fmt.Fprintf(w, "  %s recorded: %s\n", p.Name, p.Row.Error)
		}
	}
	fmt.Fprintln(w)
	runningAround(r, func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-9s %s\n", name, fmt.Sprintf(format, args...))
	})
	fmt.Fprintln(w)
}

// unread says whether a kind of evidence could not be read.
func (r *Running) unread(kind facts.Kind) bool {
	return slices.ContainsFunc(r.Unread, func(u Unread) bool { return u.What == string(kind) })
}

func releaseLine(r Release, source string) string {
	out := source
	if r.Chart != "" {
		out += ", chart " + r.Chart
	}
	if r.Revision > 0 {
		out += fmt.Sprintf(", revision %d %s", r.Revision, r.Status)
	}
	return out
}

// notKnown stands where nothing is known.
const notKnown = "-"

func known(text string) string {
	if text == "" {
		return notKnown
	}
	return text
}

// podTable is a line for each pod, with its heading.
func podTable(pods []RunPod) [][]cell {
	rows := [][]cell{plain("replica", "state", "node", "zone", "age", "restarts", "version", "row", "to database", "health")}
	for _, p := range pods {
		state, row, latency := p.State, notKnown, notKnown
		switch {
		case p.State == string(facts.Troubled) && p.Reason != "":
			state = p.Reason
		case p.Reason != "":
			state += ": " + p.Reason
		}
		if p.Row != nil {
			row = p.Row.State
			if row == "live" {
				latency = human.Duration(time.Duration(p.Row.DatabaseLatency * float64(time.Millisecond)))
			} else {
				row += " for " + age(int(p.Row.Age))
			}
		}
		health := known(p.Health)
		if len(p.HealthCodes) > 0 {
			health += " " + strings.Join(p.HealthCodes, " ")
		}
		line := plain(p.Name, state, known(p.Node), known(p.Zone), age(p.Age), fmt.Sprint(p.Restarts), known(p.Version), row, latency, health)
		line[1].color, line[9].color = stateColor(p.State), healthColor(p.Health)
		rows = append(rows, line)
	}
	return rows
}

func plain(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, text := range texts {
		out[i].text = text
	}
	return out
}

func stateColor(state string) *border.Color {
	switch facts.State(state) {
	case facts.Ready:
		return new(green)
	case facts.Draining, facts.Starting, facts.Ended:
		return new(yellow)
	default:
		return new(red)
	}
}

func healthColor(health string) *border.Color {
	switch health {
	case "":
		return nil
	case "ok":
		return new(green)
	case "warning":
		return new(yellow)
	default:
		return new(red)
	}
}

// age is how long ago, as kubectl writes it: 14s, 3m, 5h, 12d.
func age(seconds int) string {
	d := time.Duration(seconds) * time.Second
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", seconds)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", seconds/60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", seconds/3600)
	default:
		return fmt.Sprintf("%dd", seconds/86400)
	}
}

// table writes cells in columns.
func (t textWriter) table(w io.Writer, rows [][]cell) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, c := range row {
			text := c.text
			if c.color != nil {
				text = t.paint(*c.color, text)
			}
			line.WriteString("  " + text)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text)))
			}
		}
		fmt.Fprintln(w, line.String())
	}
}

// fewEvents is how many events stand on the screen.
const fewEvents = 5

// runningAround are the lines on what stands around the pods, each with its name.
func runningAround(r Report, line func(name, format string, args ...any)) {
	run := r.Running
	if rows := run.Rows; rows != nil {
		var text strings.Builder
		fmt.Fprintf(&text, "%d live, %d stale", rows.Live, rows.Stale)
		for _, row := range rows.Foreign {
			fmt.Fprintf(&text, "; %s of no pod here", row.Hostname)
		}
		line("rows", "%s", text.String())
	}
	for _, s := range run.Service {
		text := human.Count(len(s.Ready), "ready endpoint")
		if len(s.NotReady) > 0 {
			text += fmt.Sprintf(", %d not ready", len(s.NotReady))
		}
		line("service", "%s: %s", s.Name, text)
	}
	for _, b := range run.Budgets {
		line("budget", "%s: %s allowed, %d of %d healthy", b.Name, human.Count(b.Allowed, "eviction"), b.Healthy, b.Pods)
	}
	if l := run.License; l != nil {
		text := "high availability: " + strings.ReplaceAll(known(l.HighAvailability), "_", " ")
		if !l.HasLicense {
			text = "none"
		}
		line("license", "%s", text)
	}
	if p := r.Postgres; p != nil {
		line("database", "%s", databaseLine(p, run.Schema))
	}
	for i, e := range run.Events {
		if i == fewEvents {
			line("", "… and %s more", human.Count(len(run.Events)-i, "event"))
			break
		}
		line("event", "%s ago, %s: %s: %s", age(e.Age), e.Object, e.Reason, e.Message)
	}
	seen := map[string]bool{}
	for _, u := range run.Unread {
		if !seen[u.Reason] {
			line("not read", "%s", u.Reason)
		}
		seen[u.Reason] = true
	}
}

func databaseLine(p *Postgres, schema *Schema) string {
	if !p.Reachable {
		return "no session, see postgres-unreachable"
	}
	text := "Postgres " + p.ServerVersion
	if p.Latency != nil {
		from := facts.ThisMachine.String()
		if p.Position != "" {
			from = "a pod beside " + p.Position
		}
		text += fmt.Sprintf(", %.1f ms from %s", p.Latency.Median, from)
	}
	if schema == nil {
		return text
	}
	text += fmt.Sprintf("; schema %d", schema.Migration)
	switch {
	case schema.Dirty:
		text += ", not cleanly migrated"
	case schema.Image > 0 && schema.Image == schema.Migration:
		text += ", as the image brings it"
	case schema.Image > 0:
		text += fmt.Sprintf(", the image brings %d", schema.Image)
	}
	return text
}
