package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// heatLevels is how many shades latencies have.
const heatLevels = 5

// fewPositions is up to how many positions a table has a column for each, which a
// phone is wide enough for.
const fewPositions = 4

// htmlMesh is what the replicas answered.
type htmlMesh struct {
	Positions []string
	// Rows are a table with a row for each replica and a column for each position;
	// nil where there are too many positions.
	Rows []meshRow
	// Map has a cell for each position and each replica, and From a line for each
	// position; both are empty where there are few.
	Map      *meshMap
	From     []meshFrom
	Failures []string
	Legend   []meshShade
	Access   []meshAccess
}

type meshRow struct {
	To    string
	Cells []meshCell
}

type meshCell struct{ Class, Text string }

type meshShade struct{ Class, Text string }

type meshFrom struct {
	From                       string
	Answered, Asked            int
	Median, Slowest, SlowestTo string
}

type meshAccess struct {
	From, Text string
	OK         bool
}

// meshMap is a drawing with one path for each shade.
type meshMap struct {
	Width, Height int
	Paths         []meshPath
	Labels        []meshLabel
}

type meshPath struct{ Class, D string }

type meshLabel struct {
	At   int
	Text string
}

// htmlMeshOf is nil where no replica was asked.
func htmlMeshOf(r Report) *htmlMesh {
	if len(r.Mesh) == 0 {
		return nil
	}
	m := &htmlMesh{}
	for _, p := range r.Positions {
		m.Positions = append(m.Positions, positionName(p.Name))
		if p.AccessURL != nil {
			m.Access = append(m.Access, meshAccess{positionName(p.Name), answerText(p.AccessURL), p.AccessURL.OK})
		}
	}
	heat := heatOf(r.Mesh)
	m.Legend = heat.legend()
	var targets []string
	seen := map[string]bool{}
	links := map[[2]string]Link{}
	for _, l := range r.Mesh {
		if !seen[l.To] {
			seen[l.To], targets = true, append(targets, l.To)
		}
		links[[2]string{l.From, l.To}] = l
	}
	m.Failures = meshFailures(r.Mesh)
	if len(r.Positions) > fewPositions {
		m.Map = heat.draw(r.Positions, targets, links)
		m.From = meshFroms(r.Positions, r.Mesh)
		return m
	}
	for _, to := range targets {
		row := meshRow{To: to}
		for _, p := range r.Positions {
			l, asked := links[[2]string{p.Name, to}]
			cell := meshCell{heat.class(l, asked), "not asked"}
			if asked {
				cell.Text = linkText(l)
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func positionName(name string) string {
	if name == string(facts.ThisMachine) {
		return facts.ThisMachine.String()
	}
	return name
}

// linkText is the cell of a link: how fast the relay is, or what does not answer.
func linkText(l Link) string {
	switch {
	case l.Relay != nil && !l.Relay.OK:
		return markFailed + " relay"
	case l.Cluster != nil && !l.Cluster.OK:
		return markFailed + " 6222"
	case l.Relay != nil:
		return answerText(l.Relay)
	}
	return answerText(l.Cluster)
}

func answerText(a *Answer) string {
	switch {
	case a == nil:
		return "not asked"
	case !a.OK:
		return markFailed + " " + a.Error
	case a.Latency == nil:
		return markPassed
	}
	return latency(a.Latency)
}

// meshFailures says what does not answer, to how many positions.
func meshFailures(mesh []Link) []string {
	type failure struct{ to, what, why string }
	var order []failure
	from := map[failure][]string{}
	note := func(l Link, what string, a *Answer) {
		if a == nil || a.OK {
			return
		}
		f := failure{l.To, what, a.Error}
		if from[f] == nil {
			order = append(order, f)
		}
		from[f] = append(from[f], positionName(l.From))
	}
	for _, l := range mesh {
		note(l, "relay URL", l.Relay)
		note(l, "port 6222", l.Cluster)
	}
	var out []string
	for _, f := range order {
		asked := strings.Join(from[f], ", ")
		if n := len(from[f]); n > fewIDs {
			asked = fmt.Sprintf("%s and %d more positions", strings.Join(from[f][:fewIDs], ", "), n-fewIDs)
		}
		out = append(out, fmt.Sprintf("%s, %s: %s (asked from %s)", f.to, f.what, f.why, asked))
	}
	return out
}

// meshFroms has a line for each position.
func meshFroms(positions []Position, mesh []Link) []meshFrom {
	var out []meshFrom
	for _, p := range positions {
		line := meshFrom{From: positionName(p.Name)}
		var medians []float64
		most := 0.0
		for _, l := range mesh {
			if l.From != p.Name {
				continue
			}
			line.Asked++
			if l.good() {
				line.Answered++
			}
			if ms, timed := l.median(); timed {
				if len(medians) == 0 || ms > most {
					most, line.SlowestTo = ms, l.To
				}
				medians = append(medians, ms)
			}
		}
		if len(medians) > 0 {
			slices.Sort(medians)
			line.Median, line.Slowest = inMilliseconds(medians[len(medians)/2]), inMilliseconds(most)
		}
		out = append(out, line)
	}
	return out
}

func inMilliseconds(ms float64) string {
	return human.Duration(time.Duration(ms * float64(time.Millisecond)))
}

// median is that of the relay, where it was measured.
func (l Link) median() (ms float64, timed bool) {
	if l.Relay == nil || l.Relay.Latency == nil {
		return 0, false
	}
	return l.Relay.Latency.Median, true
}

// heat are the latencies from the least to the most.
type heat struct {
	least, most float64
	timed       bool
}

func heatOf(mesh []Link) heat {
	h := heat{least: math.Inf(1)}
	for _, l := range mesh {
		if ms, timed := l.median(); timed {
			h.least, h.most, h.timed = min(h.least, ms), max(h.most, ms), true
		}
	}
	return h
}

// level is the shade of a latency.
func (h heat) level(ms float64) int {
	if h.most <= h.least {
		return 0
	}
	return min(int((ms-h.least)/(h.most-h.least)*heatLevels), heatLevels-1)
}

func (h heat) class(l Link, asked bool) string {
	switch ms, timed := l.median(); {
	case !asked:
		return "unasked"
	case !l.good():
		return "broken"
	case timed:
		return fmt.Sprintf("heat%d", h.level(ms))
	}
	return "answers"
}

// legend says what the shades mean.
func (h heat) legend() []meshShade {
	out := []meshShade{{"broken", markFailed + " does not answer"}}
	if !h.timed {
		return out
	}
	if h.most <= h.least {
		return append(out, meshShade{"heat0", inMilliseconds(h.least)})
	}
	width := (h.most - h.least) / heatLevels
	for i := range heatLevels {
		out = append(out, meshShade{fmt.Sprintf("heat%d", i), "from " + inMilliseconds(h.least+float64(i)*width)})
	}
	return out
}

// cellSize is that of a cell of the map, which has labels before its first column.
const (
	cellSize = 10
	labels   = 60
	// mostLabels is how many rows have a label each.
	mostLabels = 20
)

func (h heat) draw(positions []Position, targets []string, links map[[2]string]Link) *meshMap {
	m := &meshMap{Width: labels + cellSize*len(targets), Height: cellSize * len(positions)}
	var order []string
	paths := map[string]*strings.Builder{}
	for row, p := range positions {
		for column, to := range targets {
			l, asked := links[[2]string{p.Name, to}]
			class := h.class(l, asked)
			if paths[class] == nil {
				paths[class] = &strings.Builder{}
				order = append(order, class)
			}
			x, y := labels+column*cellSize, row*cellSize
			if class == "broken" {
				fmt.Fprintf(paths[class], "M%d %dl7 7m0-7l-7 7", x+1, y+1)
			} else {
				fmt.Fprintf(paths[class], "M%d %dh9v9h-9z", x, y)
			}
		}
	}
	slices.Sort(order)
	for _, class := range order {
		m.Paths = append(m.Paths, meshPath{class, paths[class].String()})
	}
	every := (len(positions) + mostLabels - 1) / mostLabels
	for row := 0; row < len(positions); row += every {
		m.Labels = append(m.Labels, meshLabel{row*cellSize + 9, inColumns(positionName(positions[row].Name), 8, 1)[0]})
	}
	return m
}
