package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// mostColumns is up to how many replicas the figures of all pairs are read with ease;
// more of them become shades, and so do those for which the screen is too narrow.
const mostColumns = 12

// usualColumns are those of a line where there is no screen.
const usualColumns = 120

// The widths of what stands in a row, with the space before it.
const (
	cellWidth     = 6
	databaseWidth = 10
	accessWidth   = 12
)

// The round trips, in milliseconds, from which a cell has another color: Coder asks
// for the first between replicas, and the second is too slow for them.
const (
	slowCell = 10
	badCell  = 50
)

// matrix shows the round trips from each replica to each other one.
func (t textWriter) matrix(w io.Writer, r Report) {
	links := map[[2]string]Link{}
	for _, l := range r.Mesh {
		links[[2]string{l.From, l.To}] = l
	}
	if len(r.Positions) > 1 {
		fmt.Fprintln(w, "Round trips between pods in the places of the replicas, in milliseconds")
	} else {
		fmt.Fprintln(w, "Asked from a pod in the place of the replica")
	}
	if room := t.room(r); len(r.Positions) <= mostColumns && room >= 0 {
		t.figures(w, r, links, room)
	} else {
		t.shades(w, r, links)
	}
	t.worst(w, r)
	t.port(w, r)
	zones(w, r)
	if r.Trial != nil && r.Trial.Elapsed > 0 {
		fmt.Fprintf(w, "  the pods ran after %s, and had asked after %s\n", human.Duration(r.Trial.Started), human.Duration(r.Trial.Elapsed))
	}
	fmt.Fprintln(w)
}

// room is what the figures leave of a line for the names of places; negative where the
// line is too short for them.
func (t textWriter) room(r Report) int {
	cells := 0
	if len(r.Positions) > 1 {
		cells = cellWidth * len(r.Positions)
	}
	return t.width() - len("  ") - nameWidth(r) - cells - databaseWidth - accessWidth
}

// width is how many letters a line has.
func (t textWriter) width() int {
	if t.columns == 0 {
		return usualColumns
	}
	return t.columns
}

func nameWidth(r Report) int {
	most := 0
	for _, p := range r.Positions {
		most = max(most, utf8.RuneCountInString(p.Name))
	}
	return most
}

// figures is a row for each replica, with the median of each way and of the database.
func (t textWriter) figures(w io.Writer, r Report, links map[[2]string]Link, room int) {
	names := nameWidth(r)
	fmt.Fprintf(w, "  %-*s", names, "")
	if len(r.Positions) > 1 {
		for _, p := range r.Positions {
			fmt.Fprintf(w, "%*s", cellWidth, "to "+shortName(p.Name))
		}
	}
	fmt.Fprintf(w, "%*s%*s\n", databaseWidth, "database", accessWidth, "access URL")
	for _, from := range r.Positions {
		fmt.Fprintf(w, "  %-*s", names, from.Name)
		if len(r.Positions) > 1 {
			for _, to := range r.Positions {
				text, color := "·", dim
				if from.Name != to.Name {
					text, color = figure(links[[2]string{from.Name, to.Name}].Relay)
				}
				fmt.Fprint(w, t.right(cellWidth, text, color))
			}
		}
		text, color := "-", dim
		if p := from.Postgres; p != nil {
			text, color = figure(&Answer{OK: p.Reachable, Latency: p.Latency})
		}
		fmt.Fprint(w, t.right(databaseWidth, text, color))
		text, color = t.access(r, from)
		fmt.Fprintf(w, "%s%s\n", t.right(accessWidth, text, color), atEnd(placeName(from), room))
	}
}

// access is the cell of the access URL: no answer counts only where the check says so,
// for nothing may run yet that could answer.
func (t textWriter) access(r Report, from Position) (text string, painted border.Color) {
	if a := from.AccessURL; a != nil && !a.OK && !slices.ContainsFunc(r.Outcomes, func(o check.Outcome) bool {
		return o.ID == "access-url-hairpin" && o.Status == check.Failed
	}) {
		return "-", dim
	}
	return figure(from.AccessURL)
}

// atEnd is a name at the end of a line that has so many letters left; empty where that
// is too few.
func atEnd(name string, room int) string {
	const space, fewest = "  ", 3
	letters := []rune(name)
	switch room -= len(space); {
	case len(letters) <= room:
		return space + name
	case room < fewest:
		return ""
	default:
		return space + string(letters[:room-1]) + "…"
	}
}

// right is a cell of a width, painted.
func (t textWriter) right(width int, text string, color border.Color) string {
	return strings.Repeat(" ", max(0, width-len([]rune(text)))) + t.paint(color, text)
}

// figure is one cell.
func figure(a *Answer) (text string, painted border.Color) {
	switch {
	case a == nil:
		return "-", dim
	case !a.OK:
		return markFailed, red
	case a.Latency == nil:
		return markPassed, green
	case a.Latency.Median > badCell:
		painted = red
	case a.Latency.Median > slowCell:
		painted = yellow
	default:
		painted = green
	}
	switch m := a.Latency.Median; {
	case m < 10:
		return fmt.Sprintf("%.2f", m), painted
	case m < 100:
		return fmt.Sprintf("%.1f", m), painted
	default:
		return fmt.Sprintf("%.0f", m), painted
	}
}

// worst names the pair with the longest round trip, and the ways without an answer.
func (t textWriter) worst(w io.Writer, r Report) {
	var slowest *Link
	failed := 0
	for i, l := range r.Mesh {
		switch {
		case l.Relay == nil:
		case !l.Relay.OK:
			if failed++; failed == 1 {
				fmt.Fprintf(w, "  %s %s to %s: %s\n", t.paint(red, markFailed), l.From, l.To, l.Relay.Error)
			}
		case l.Relay.Latency != nil && (slowest == nil || l.Relay.Latency.Median > slowest.Relay.Latency.Median):
			slowest = &r.Mesh[i]
		}
	}
	if failed > 1 {
		fmt.Fprintf(w, "  … and %s without an answer\n", human.Count(failed-1, "more way"))
	}
	if slowest != nil {
		text, _ := figure(slowest.Relay)
		fmt.Fprintf(w, "  the slowest: %s to %s, %s ms\n", slowest.From, slowest.To, text)
	}
}

// port says how many ways to port 6222 are open.
func (t textWriter) port(w io.Writer, r Report) {
	asked, open := 0, 0
	for _, l := range r.Mesh {
		if l.Cluster == nil {
			continue
		}
		asked++
		if l.Cluster.OK {
			open++
		}
	}
	if asked > 0 {
		mark := t.paint(green, markPassed)
		if open < asked {
			mark = t.paint(red, markFailed)
		}
		fmt.Fprintf(w, "  port 6222: %s %d of %s answer\n", mark, open, human.Count(asked, "way"))
	}
}

// zones lists the replicas of each zone, where nodes have one, and counts many of them.
func zones(w io.Writer, r Report) {
	byZone := map[string][]string{}
	for _, p := range r.Positions {
		if p.Zone != "" {
			byZone[p.Zone] = append(byZone[p.Zone], p.Name)
		}
	}
	var lines []string
	for zone, names := range byZone {
		if len(r.Positions) > mostColumns {
			names = []string{human.Count(len(names), "replica")}
		}
		lines = append(lines, zone+": "+strings.Join(names, ", "))
	}
	slices.Sort(lines)
	if len(lines) > 0 {
		fmt.Fprintf(w, "  zones: %s\n", strings.Join(lines, "; "))
	}
}

// placeName is the node of a pod, and its zone.
func placeName(p Position) string {
	if p.Zone == "" {
		return p.Node
	}
	return p.Node + " (" + p.Zone + ")"
}

// shortName is what tells a replica from the others: the number at its end.
func shortName(name string) string {
	name = strings.TrimSuffix(name, "]")
	if at := strings.LastIndexAny(name, "-["); at >= 0 {
		return name[at+1:]
	}
	return name
}
