package report

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/width"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// A picture is drawn in a size of its own and scaled to the page: the wide one for
// a screen and for paper, the narrow one for a phone.
const (
	wide    = 860
	narrow  = 360
	padding = 12
	rowOf   = 18
	arrow   = 28
	// letter is the width of a letter of the small text, which has a fixed width.
	letter = 7.4
)

// mostDrawn is how many replicas have a box of their own, the last of which stands
// for the others where there are more.
const mostDrawn = 6

type picture struct {
	Name          string
	Width, Height int
	Frame         box
	Boxes         []box
	Lines         []string
}

// box is a part of the deployment, with what was found about it.
type box struct {
	Tone                string
	X, Y, Width, Height int
	Rows                []boxRow
}

type boxRow struct {
	Y           int
	Class, Text string
}

// part is what a box shows, before it has a place.
type part struct {
	title string
	texts []string
	found found
}

// found counts what was found about a part.
type found struct{ errors, warnings, infos, open, passed int }

func (f *found) add(findings []check.Finding) {
	for _, one := range findings {
		switch one.Severity {
		case check.Error:
			f.errors++
		case check.Warning:
			f.warnings++
		default:
			f.infos++
		}
	}
}

func (f found) tone() string {
	switch {
	case f.errors > 0:
		return "error"
	case f.warnings > 0:
		return "warning"
	case f.open > 0:
		return "open"
	}
	return "plain"
}

// parts of a picture, by the areas of the checks that are about them.
func partOf(area string) string {
	switch area {
	case "access", "postgres":
		return area
	case "relay", "relay-tls", "cluster":
		return "between"
	}
	return "replicas"
}

// pictures draws the replicas and what they depend on, in two widths.
func pictures(r Report) []picture {
	if len(r.Deployment.Replicas) == 0 {
		return nil
	}
	all, own := map[string]*found{"access": {}, "postgres": {}, "between": {}, "replicas": {}}, map[string]*found{}
	for _, replica := range r.Deployment.Replicas {
		own[replica.Name] = &found{}
	}
	for _, o := range r.Outcomes {
		about := all[partOf(o.Area.ID)]
		about.add(o.Findings)
		if o.Unproven() {
			about.open++
		}
		if o.Status == check.Passed {
			about.passed++
		}
		for _, f := range o.Findings {
			if of, known := own[f.Subject.Replica]; known {
				of.add([]check.Finding{f})
			}
		}
	}
	d := r.Deployment
	access := part{"access URL", []string{orNone(d.Replicas[0].AccessURL)}, *all["access"]}
	between := part{"between replicas", []string{"relay URL, and port 6222 of the cluster host"}, *all["between"]}
	frame := part{human.Count(len(d.Replicas), "replica"), []string{strings.Join(d.Workloads, ", ")}, *all["replicas"]}
	database := part{"Postgres", databaseTexts(r.Postgres), *all["postgres"]}
	replicas := drawn(d.Replicas, own)
	return []picture{
		draw("wide", wide, min(3, len(replicas)), access, frame, between, database, replicas),
		draw("narrow", narrow, 1, access, frame, between, database, replicas),
	}
}

func databaseTexts(p *Postgres) []string {
	if p == nil {
		return []string{"not asked"}
	}
	var out []string
	if len(p.Facts) > 0 {
		out = append(out, p.Facts[0].Target.URL)
	}
	switch {
	case !p.Reachable:
		out = append(out, "no answer")
	case p.Latency != nil:
		out = append(out, fmt.Sprintf("version %s, round trip %s", p.ServerVersion, latency(p.Latency)))
	default:
		out = append(out, "version "+p.ServerVersion)
	}
	return out
}

// latency is the median, for people.
func latency(l *Latency) string {
	return human.Duration(time.Duration(l.Median * float64(time.Millisecond)))
}

// drawn are the replicas that have a box: of many, those with findings come first.
func drawn(replicas []Replica, own map[string]*found) []part {
	most := mostDrawn
	if len(replicas) > most {
		most--
	}
	picked, n := make([]bool, len(replicas)), 0
	for _, withFindings := range []bool{true, false} {
		for i, r := range replicas {
			if has := own[r.Name].tone() != "plain"; has == withFindings && n < most {
				picked[i], n = true, n+1
			}
		}
	}
	var out []part
	var rest found
	for i, r := range replicas {
		f := *own[r.Name]
		if !picked[i] {
			rest = found{errors: rest.errors + f.errors, warnings: rest.warnings + f.warnings, infos: rest.infos + f.infos}
			continue
		}
		out = append(out, part{r.Name, []string{"relay " + orNone(r.RelayURL), "cluster host " + orNone(r.ClusterHost)}, f})
	}
	if left := len(replicas) - n; left > 0 {
		out = append(out, part{"… and " + human.Count(left, "replica") + " more", []string{"listed below"}, rest})
	}
	return out
}

// draw gives each part its place: the access URL above, the replicas in columns
// below a bar for what goes on between them, and the database at the bottom.
func draw(name string, size, columns int, access, frame, between, database part, replicas []part) picture {
	inner := size - 2*padding
	middle := min(inner, 440)
	p := picture{Name: name, Width: size}
	place := func(of part, x, y, w int) box {
		b := of.box(x, y, w)
		p.Boxes = append(p.Boxes, b)
		return b
	}
	top := place(access, (size-middle)/2, 2, middle)
	y := top.Y + top.Height + arrow
	p.Lines = append(p.Lines, fmt.Sprintf("M%d %dV%d", size/2, top.Y+top.Height, y-2))
	p.Frame = frame.box(1, y, size-2)
	y += p.Frame.Height
	bar := place(between, padding, y, inner)
	y += bar.Height + padding
	// Beside each column a line leads from the bar to its boxes.
	step := inner / columns
	for first := 0; first < len(replicas); first += columns {
		tallest := 0
		row := replicas[first:min(first+columns, len(replicas))]
		for i, of := range row {
			tallest = max(tallest, of.box(0, 0, step-2*padding).Height)
			p.Lines = append(p.Lines, fmt.Sprintf("M%d %dV%dH%d", padding+i*step+padding, bar.Y+bar.Height, y+padding+8, padding+i*step+2*padding-2))
		}
		for i, of := range row {
			b := place(of, padding+i*step+2*padding, y, step-2*padding)
			p.Boxes[len(p.Boxes)-1].Height = max(b.Height, tallest)
		}
		y += tallest + padding
	}
	p.Frame.Height = y - p.Frame.Y
	p.Lines = append(p.Lines, fmt.Sprintf("M%d %dV%d", size/2, y, y+arrow-2))
	bottom := place(database, (size-middle)/2, y+arrow, middle)
	p.Height = bottom.Y + bottom.Height + 2
	return p
}

// box is a part at a place, as high as its texts need.
func (p part) box(x, y, w int) box {
	b := box{Tone: p.found.tone(), X: x, Y: y, Width: w}
	at := 4
	row := func(class, text string) {
		at += rowOf
		b.Rows = append(b.Rows, boxRow{at, class, text})
	}
	columns := int(float64(w-2*padding) / letter)
	row("title", inColumns(p.title, columns, 1)[0])
	for _, text := range p.texts {
		for _, line := range inColumns(text, columns, 2) {
			row("text", line)
		}
	}
	f := p.found
	mark := func(n int, class, text string) {
		if n > 0 {
			row(class, text)
		}
	}
	mark(f.errors, "error", markFailed+" "+human.Count(f.errors, "error"))
	mark(f.warnings, "warning", markWarning+" "+human.Count(f.warnings, "warning"))
	mark(f.infos, "info", fmt.Sprintf("%s %d info", markInfo, f.infos))
	mark(f.open, "open", markSkipped+" "+human.Count(f.open, "check")+" not verified")
	if f.errors+f.warnings+f.infos+f.open == 0 {
		mark(f.passed, "passed", markPassed+" "+human.Count(f.passed, "check")+" passed")
	}
	b.Height = at + padding
	return b
}

// inColumns breaks a text into a few lines of so many columns; of a text that is
// longer the beginning and the end are kept.
func inColumns(text string, columns, lines int) []string {
	runes := []rune(text)
	if most := columns * lines; columnsOf(runes) > most {
		for half := most / 2; half > 0; half-- {
			cut := append(append(append([]rune{}, runes[:min(half, len(runes))]...), '…'), runes[max(0, len(runes)-half):]...)
			if columnsOf(cut) <= most {
				runes = cut
				break
			}
		}
	}
	var out []string
	for len(runes) > 0 {
		n := len(runes)
		for n > 1 && columnsOf(runes[:n]) > columns {
			n--
		}
		// A line ends at a blank, if its second half has one.
		for i := n; n < len(runes) && i > n/2; i-- {
			if runes[i-1] == ' ' {
				n = i
				break
			}
		}
		out, runes = append(out, string(runes[:n])), runes[n:]
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// columnsOf counts a wide letter, such as one of Chinese, as two.
func columnsOf(runes []rune) int {
	n := 0
	for _, r := range runes {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}
