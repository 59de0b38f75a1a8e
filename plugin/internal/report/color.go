package report

import "github.com/coder-ha/coder-ha/plugin/internal/check"

// color is the parameter of an ANSI SGR sequence.
type color string

const (
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	blue   color = "34"
	dim    color = "2"
)

func (t textWriter) paint(c color, text string) string {
	if !t.color {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

func colorOf(s check.Severity) color {
	switch s {
	case check.Error:
		return red
	case check.Warning:
		return yellow
	default:
		return blue
	}
}
