package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// mostColumns is up to how many replicas the figures of all pairs fit on a screen;
// more of them become shades.
const mostColumns = 12

// The round trips, in milliseconds, from which a cell has another color: Coder asks
// for the first between replicas, and the second is too slow for them.
const (
	slowCell = 10
	badCell  = 50
)

// shades are the cells of many replicas, each up to a number of milliseconds.
var shades = []struct {
	upTo float64
	mark string
}{{1, "·"}, {slowCell, "░"}, {badCell, "▒"}}

// slowestShade is the one beyond all of them.
const slowestShade = "█"

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
	if len(r.Positions) <= mostColumns {
		t.figures(w, r, links)
	} else {
		t.shades(w, r, links)
	}
	t.worst(w, r)
	t.port(w, r)
	zones(w, r)
	fmt.Fprintln(w)
}

// figures is a row for each replica, with the median of each way and of the database.
func (t textWriter) figures(w io.Writer, r Report, links map[[2]string]Link) {
	names, places := 0, 0
	for _, p := range r.Positions {
		names, places = max(names, len(p.Name)), max(places, len(placeName(p)))
	}
	fmt.Fprintf(w, "  %-*s  %-*s", names, "", places, "")
	if len(r.Positions) > 1 {
		for _, p := range r.Positions {
			fmt.Fprintf(w, "  %6s", "to "+shortName(p.Name))
		}
	}
	fmt.Fprintf(w, "  %8s  %10s\n", "database", "access URL")
	for _, from := range r.Positions {
		fmt.Fprintf(w, "  %-*s  %-*s", names, from.Name, places, placeName(from))
		if len(r.Positions) > 1 {
			for _, to := range r.Positions {
				text, color := "·", dim
				if from.Name != to.Name {
					text, color = figure(links[[2]string{from.Name, to.Name}].Relay)
				}
				fmt.Fprintf(w, "  %s", t.right(6, text, color))
			}
		}
		text, color := "-", dim
		if p := from.Postgres; p != nil {
			text, color = figure(&Answer{OK: p.Reachable, Latency: p.Latency})
		}
		fmt.Fprintf(w, "  %s", t.right(8, text, color))
		text, color = figure(from.AccessURL)
		fmt.Fprintf(w, "  %s\n", t.right(10, text, color))
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

// shades is a row for each replica, with one mark for each way.
func (t textWriter) shades(w io.Writer, r Report, links map[[2]string]Link) {
	names := 0
	for _, p := range r.Positions {
		names = max(names, len(p.Name))
	}
	for _, from := range r.Positions {
		fmt.Fprintf(w, "  %-*s  ", names, from.Name)
		for _, to := range r.Positions {
			mark, color := " ", dim
			if from.Name != to.Name {
				a := links[[2]string{from.Name, to.Name}].Relay
				_, color = figure(a)
				mark = shade(a)
			}
			fmt.Fprint(w, t.paint(color, mark))
		}
		fmt.Fprintf(w, "  %s\n", placeName(from))
	}
	var legend []string
	for _, s := range shades {
		legend = append(legend, fmt.Sprintf("%s up to %.0f ms", s.mark, s.upTo))
	}
	fmt.Fprintf(w, "  %s, %s longer, %s no answer, - not asked\n", strings.Join(legend, ", "), slowestShade, markFailed)
}

func shade(a *Answer) string {
	switch {
	case a == nil:
		return "-"
	case !a.OK:
		return markFailed
	case a.Latency == nil:
		return markPassed
	}
	for _, s := range shades {
		if a.Latency.Median <= s.upTo {
			return s.mark
		}
	}
	return slowestShade
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
		fmt.Fprintf(w, "  … and %s more without an answer\n", human.Count(failed-1, "way"))
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

// zones lists the replicas of each zone, where nodes have one.
func zones(w io.Writer, r Report) {
	byZone := map[string][]string{}
	for _, p := range r.Positions {
		if p.Zone != "" {
			byZone[p.Zone] = append(byZone[p.Zone], p.Name)
		}
	}
	var lines []string
	for zone, names := range byZone {
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
