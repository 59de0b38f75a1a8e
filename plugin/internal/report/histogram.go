package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// The histogram has this many rows, and a bar this many columns at most.
const (
	histogramRows = 5
	histogramBar  = 40
)

// writeHistogram draws how the round trips were spread. The block is one that
// Windows consoles have too.
func writeHistogram(w io.Writer, l *pgfacts.Latency) {
	fmt.Fprintf(w, "  %s\n", latencySentence(l))
	for _, row := range histogram(l.Samples) {
		bar := strings.Repeat("█", max(row.count*histogramBar/len(l.Samples), min(row.count, 1)))
		fmt.Fprintf(w, "  %10s  %s %d\n", human.Duration(row.from), bar, row.count)
	}
	fmt.Fprintln(w)
}

func latencySentence(l *pgfacts.Latency) string {
	return fmt.Sprintf("latency of %d round trips: median %s, min %s, p95 %s, jitter %s",
		len(l.Samples), human.Duration(l.Median), human.Duration(l.Min), human.Duration(l.P95), human.Duration(l.Jitter))
}

type histogramRow struct {
	// from is the least that a round trip of this row took.
	from  time.Duration
	count int
}

// histogram sorts samples into rows of equal width.
func histogram(samples []time.Duration) []histogramRow {
	least, most := slices.Min(samples), slices.Max(samples)
	width := max((most-least)/histogramRows+1, 1)
	rows := make([]histogramRow, histogramRows)
	for i := range rows {
		rows[i].from = least + time.Duration(i)*width
	}
	for _, s := range samples {
		rows[min(max((s-least)/width, 0), histogramRows-1)].count++
	}
	if least == most {
		return rows[:1]
	}
	return rows
}
