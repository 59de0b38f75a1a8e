package border

import (
	"regexp"
	"strings"
)

// Color is the parameter of an ANSI SGR sequence.
type Color string

// The colors of reports.
const (
	Red    Color = "31"
	Green  Color = "32"
	Yellow Color = "33"
	Blue   Color = "34"
	Dim    Color = "2"
)

// Paint is a text of our own in a color.
func (c Color) Paint(text string) string { return "\x1b[" + string(c) + "m" + text + "\x1b[0m" }

var painted = regexp.MustCompile("\x1b\\[(?:0|2|3[1-4])m")

// colored escapes a line, but for the colors that may pass.
func (w *Writer) colored(text string) string {
	const keep = "\t"
	if !w.color || !strings.Contains(text, "\x1b") {
		return escape(text, visible, keep)
	}
	var out strings.Builder
	end := 0
	for _, at := range painted.FindAllStringIndex(text, -1) {
		out.WriteString(escape(text[end:at[0]], visible, keep) + text[at[0]:at[1]])
		end = at[1]
	}
	return out.String() + escape(text[end:], visible, keep)
}
