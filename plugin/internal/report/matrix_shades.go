package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// shades are the cells of many replicas, each up to a number of milliseconds.
var shades = []struct {
	upTo float64
	mark string
}{{1, "·"}, {slowCell, "░"}, {badCell, "▒"}}

// slowestShade is the one beyond all of them.
const slowestShade = "█"

// shades is a row for each replica, with one mark for each way. Those of one zone stand
// together.
func (t textWriter) shades(w io.Writer, r Report, links map[[2]string]Link) {
	names := nameWidth(r)
	positions := slices.Clone(r.Positions)
	slices.SortStableFunc(positions, func(a, b Position) int { return cmp.Compare(a.Zone, b.Zone) })
	for _, from := range positions {
		fmt.Fprintf(w, "  %-*s  ", names, from.Name)
		for _, to := range positions {
			mark, color := " ", dim
			if from.Name != to.Name {
				a := links[[2]string{from.Name, to.Name}].Relay
				_, color = figure(a)
				mark = shade(a)
			}
			fmt.Fprint(w, t.paint(color, mark))
		}
		fmt.Fprintln(w, atEnd(placeName(from), t.width()-len("    ")-names-len(positions)))
	}
	var legend []string
	for _, s := range shades {
		legend = append(legend, fmt.Sprintf("%s up to %.0f", s.mark, s.upTo))
	}
	fmt.Fprintf(w, "  %s, %s more; %s no answer, - not asked\n", strings.Join(legend, ", "), slowestShade, markFailed)
	fmt.Fprintln(w, "  columns are the replicas in the order of the rows")
	databases(w, r)
}

// databases says how far the database is from the replicas.
func databases(w io.Writer, r Report) {
	var near, far *Position
	for i, p := range r.Positions {
		if p.Postgres == nil || p.Postgres.Latency == nil {
			continue
		}
		if near == nil || p.Postgres.Latency.Median < near.Postgres.Latency.Median {
			near = &r.Positions[i]
		}
		if far == nil || p.Postgres.Latency.Median > far.Postgres.Latency.Median {
			far = &r.Positions[i]
		}
	}
	if near == nil {
		return
	}
	least, _ := figure(&Answer{OK: true, Latency: near.Postgres.Latency})
	most, _ := figure(&Answer{OK: true, Latency: far.Postgres.Latency})
	fmt.Fprintf(w, "  the database: %s ms from %s to %s ms from %s\n", least, near.Name, most, far.Name)
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
