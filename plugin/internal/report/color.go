package report

import (
	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

const (
	red    = border.Red
	green  = border.Green
	yellow = border.Yellow
	blue   = border.Blue
	dim    = border.Dim
)

func (t textWriter) paint(c border.Color, text string) string {
	if !t.color {
		return text
	}
	return c.Paint(text)
}

func colorOf(s check.Severity) border.Color {
	switch s {
	case check.Error:
		return red
	case check.Warning:
		return yellow
	default:
		return blue
	}
}
