package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A screen has so many columns, of the width that most fonts give a letter.
const (
	columns = 120
	across  = columns * 845 / 100
	row     = 21
	margin  = 16
)

// cuts are the parts of the output that the screen shows, from a line up to another
// one, each found by its beginning. What counts all checks is not among them: the
// picture stays as it is when a check is added.
var cuts = []struct{ from, to string }{
	{"the plugin's own chart", "  coder-2"},
	{"× no relay URL is the access URL", "                  value:"},
	{"× relay-url-equals-access-url:", "× relay-url-shared:"},
	{"Result:", "Result:"},
}

const left = "\x1b[2m…\x1b[0m"

var painted = regexp.MustCompile("\x1b\\[([0-9]+)m")

// shown are the lines of the screen.
func shown(printed string) ([]string, error) {
	out := []string{"$ " + command}
	lines := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
	for i, cut := range cuts {
		from := find(lines, cut.from)
		if from < 0 {
			return nil, fmt.Errorf("no line begins with %q", cut.from)
		}
		to := find(lines[from:], cut.to)
		if to < 0 {
			return nil, fmt.Errorf("no line after it begins with %q", cut.to)
		}
		if i > 0 && from > 0 {
			out = append(out, left)
		}
		out = append(out, lines[from:from+to+1]...)
		lines = lines[from+to+1:]
	}
	return append(out, "$ echo $?", "1"), nil
}

// find is the first line that begins with a text, whatever its colors are.
func find(lines []string, text string) int {
	for i, line := range lines {
		if strings.HasPrefix(painted.ReplaceAllString(line, ""), text) {
			return i
		}
	}
	return -1
}

// picture is what the template draws.
type picture struct {
	colors

	Title         string
	Width, Height int
	Lines         []line
}

type line struct {
	Y     int
	Spans []span
}

type span struct{ Fill, Text string }

func pictureOf(lines []string, c colors) picture {
	p := picture{colors: c, Title: "The output of " + command + ", which finds that the relay URL is the access URL", Width: 2*margin + across}
	y := margin
	for _, text := range lines {
		for _, part := range wrapped(spans(text, c.painted)) {
			y += row
			p.Lines = append(p.Lines, line{y - 5, part})
		}
	}
	p.Height = y + margin
	return p
}

// spans are the parts of a line that have one color each.
func spans(text string, fills map[string]string) []span {
	var out []span
	fill, end := "", 0
	add := func(text string) {
		if text != "" {
			out = append(out, span{fill, text})
		}
	}
	for _, at := range painted.FindAllStringSubmatchIndex(text, -1) {
		add(text[end:at[0]])
		fill, end = fills[text[at[2]:at[3]]], at[1]
	}
	add(text[end:])
	return out
}

// wrapped breaks a line at the width of the screen, as a terminal does.
func wrapped(line []span) [][]span {
	var out [][]span
	var now []span
	room := columns
	for _, s := range line {
		for utf8.RuneCountInString(s.Text) > room {
			runes := []rune(s.Text)
			now = append(now, span{s.Fill, string(runes[:room])})
			out, now = append(out, now), nil
			s.Text, room = string(runes[room:]), columns
		}
		now = append(now, s)
		room -= utf8.RuneCountInString(s.Text)
	}
	return append(out, now)
}
