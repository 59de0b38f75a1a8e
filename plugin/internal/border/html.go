package border

import (
	"regexp"
	"strings"
)

// HTML is the same stream for a page whose texts are escaped, and whose tags and style
// sheet are our own: they pass as they are, also where a word of them is a secret, which
// a tag with a hole would tell.
func (w *Writer) HTML() *Writer { return &Writer{out: w.out, known: w.known, html: true} }

var tag = regexp.MustCompile(`<[^<>]*>`)

// page is a line of a page as it leaves.
func (w *Writer) page(line string) string {
	var out strings.Builder
	text := func(part string) {
		if w.style {
			out.WriteString(part)
			return
		}
		out.WriteString(w.text(part))
	}
	end := 0
	for _, at := range tag.FindAllStringIndex(line, -1) {
		text(line[end:at[0]])
		out.WriteString(line[at[0]:at[1]])
		switch line[at[0]:at[1]] {
		case "<style>":
			w.style = true
		case "</style>":
			w.style = false
		}
		end = at[1]
	}
	text(line[end:])
	return out.String()
}
