package report

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// htmlDatabase is what one probe of a database found out.
type htmlDatabase struct {
	URL, Origin string
	Lines       []htmlLine
	// Latency is a sentence, and Bars how the round trips were spread.
	Latency string
	Bars    []histogramShape
	Height  int
}

type htmlLine struct{ Name, Text string }

// histogramShape is a bar of the drawing.
type histogramShape struct {
	Y, TextY, Width, CountX int
	From                    string
	Count                   int
}

// The drawing of a histogram: a row for each bar, with a label before it.
const (
	barHeight = 22
	barStart  = 80
	barMost   = 230
)

func htmlDatabases(p *Postgres) []htmlDatabase {
	if p == nil {
		return nil
	}
	var out []htmlDatabase
	for i, f := range p.Facts {
		d := htmlDatabase{URL: f.Target.URL, Origin: f.Target.Origin}
		from := facts.ThisMachine
		if i < len(p.Seen) {
			from = p.Seen[i]
		}
		pageLines(f, from, func(name, format string, args ...any) {
			d.Lines = append(d.Lines, htmlLine{name, fmt.Sprintf(format, args...)})
		})
		if f.Latency != nil && len(f.Latency.Samples) > 0 {
			d.Latency = latencySentence(f.Latency)
			d.Bars = bars(f.Latency)
			d.Height = len(d.Bars) * barHeight
		}
		out = append(out, d)
	}
	return out
}

func bars(l *pgfacts.Latency) []histogramShape {
	var out []histogramShape
	for i, row := range histogram(l.Samples) {
		width := max(row.count*barMost/len(l.Samples), min(row.count, 1))
		out = append(out, histogramShape{
			Y: i * barHeight, TextY: i*barHeight + 15, Width: width, CountX: barStart + width + 6,
			From: human.Duration(row.from), Count: row.count,
		})
	}
	return out
}
