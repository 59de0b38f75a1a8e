package inject

import (
	"bytes"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// text is a stream of documents with the places of its lines.
type text struct {
	name  string
	bytes []byte
	// starts are the offsets of the lines, as YAML counts lines.
	starts []int
}

// bom is the mark that a stream may begin with; YAML counts no column for it.
var bom = []byte("\ufeff")

func newText(name string, stream []byte) *text {
	t := &text{name: name, bytes: stream, starts: []int{0}}
	for i := 0; i < len(stream); {
		width := breakAt(stream, i)
		if width == 0 {
			i++
			continue
		}
		i += width
		t.starts = append(t.starts, i)
	}
	return t
}

// breakAt is how many bytes the line break at an offset has, 0 where there is
// none. NEL, LS and PS break lines too (https://yaml.org/spec/1.1/#b-char).
func breakAt(stream []byte, i int) int {
	switch rest := stream[i:]; {
	case bytes.HasPrefix(rest, []byte("\r\n")):
		return 2
	case rest[0] == '\n' || rest[0] == '\r':
		return 1
	case bytes.HasPrefix(rest, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(rest, []byte("\u2028")) || bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	default:
		return 0
	}
}

// at is the offset of a node. Lines and columns begin with 1, and a column is a
// character.
func (t *text) at(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(t.starts) {
		return len(t.bytes)
	}
	i := t.starts[n.Line-1]
	if n.Line == 1 && bytes.HasPrefix(t.bytes, bom) {
		i += len(bom)
	}
	for range n.Column - 1 {
		if i >= len(t.bytes) {
			return len(t.bytes)
		}
		_, width := utf8.DecodeRune(t.bytes[i:])
		i += width
	}
	return i
}

// lineStart is the offset of the line that holds an offset.
func (t *text) lineStart(i int) int {
	for i > 0 && !t.endsBreak(i) {
		i--
	}
	return i
}

// endsBreak says whether a line break ends just before an offset.
func (t *text) endsBreak(i int) bool {
	for width := 1; width <= min(3, i); width++ {
		if breakAt(t.bytes, i-width) == width {
			// The offset between CR and LF is inside of one break.
			return t.bytes[i-1] != '\r' || i == len(t.bytes) || t.bytes[i] != '\n'
		}
	}
	return false
}

// lineEnd is the offset of the break that ends the line of an offset, or of the
// end of the stream.
func (t *text) lineEnd(i int) int {
	for i < len(t.bytes) && breakAt(t.bytes, i) == 0 {
		i++
	}
	return i
}

// nextLine is the offset behind the break that ends the line of an offset.
func (t *text) nextLine(i int) int {
	i = t.lineEnd(i)
	if i < len(t.bytes) {
		i += breakAt(t.bytes, i)
	}
	return i
}

// newline is the line break that is used around an offset.
func (t *text) newline(i int) string {
	end := t.lineEnd(i)
	if end == len(t.bytes) {
		// The last line may have none: the one before it does.
		end = t.lineStart(i)
		for end > 0 && breakAt(t.bytes, end) == 0 {
			end--
		}
		if end > 0 && t.bytes[end] == '\n' && t.bytes[end-1] == '\r' {
			end--
		}
	}
	if bytes.HasPrefix(t.bytes[end:], []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// line is the text of the line at an offset, without its break.
func (t *text) line(i int) string { return string(t.bytes[t.lineStart(i):t.lineEnd(i)]) }

// column is how many characters stand before an offset in its line.
func (t *text) column(i int) int { return utf8.RuneCount(t.bytes[t.lineStart(i):i]) }

// blankBetween says whether there is nothing but spaces and tabs between offsets.
func (t *text) blankBetween(from, to int) bool {
	return len(bytes.Trim(t.bytes[from:to], " \t")) == 0
}
