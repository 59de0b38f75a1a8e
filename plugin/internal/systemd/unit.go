package systemd

import (
	"bytes"
	"fmt"
	"strings"
)

// Directive is one line NAME=TEXT of a unit.
type Directive struct {
	Section, Name, Text string
	// Line is where it begins, 1-based.
	Line int
}

const bom = "\xef\xbb\xbf"

// ParseUnit reads a unit or a drop-in: its lines in order, those that a backslash
// continues put together.
func ParseUnit(content []byte) ([]Directive, error) {
	if bytes.IndexByte(content, 0) >= 0 {
		return nil, ErrNUL
	}
	var out []Directive
	section, continued, start := "", "", 0
	for i, line := range lines(strings.TrimPrefix(string(content), bom)) {
		first := strings.TrimLeft(line, whitespace)
		if first != "" && in(comments, first[0]) {
			continue
		}
		if continued == "" {
			start = i + 1
		}
		text := continued + line
		if escaped(text) {
			continued = text[:len(text)-1] + " "
			continue
		}
		continued = ""
		text = strings.Trim(text, whitespace)
		name, value, isDirective := strings.Cut(text, "=")
		switch {
		case text == "":
		case text[0] == '[' && strings.HasSuffix(text, "]"):
			section = text[1 : len(text)-1]
		case text[0] == '[':
			return nil, fmt.Errorf("line %d: the name of a section is not closed", start)
		case isDirective:
			out = append(out, Directive{Section: section, Name: strings.Trim(name, whitespace), Text: strings.Trim(value, whitespace), Line: start})
		}
	}
	return out, nil
}

// lines parts a text as systemd does: at \n, \r or both of them in either order.
func lines(text string) []string {
	var out []string
	for text != "" {
		end := strings.IndexAny(text, newline)
		if end < 0 {
			return append(out, text)
		}
		out = append(out, text[:end])
		next := end + 1
		if next < len(text) && in(newline, text[next]) && text[next] != text[end] {
			next++
		}
		text = text[next:]
	}
	return out
}

// escaped says whether a line ends with a backslash that is not escaped itself.
func escaped(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

// Environment are the variables that a directive Environment= sets. systemd
// ignores what is no assignment, and the rest of a line that it cannot take apart.
func Environment(d Directive, specifiers Specifiers) []Assignment {
	var out []Assignment
	words, _ := Words(d.Text)
	for _, word := range words {
		expanded, unknown, resolved := specifiers.Expand(word)
		name, text, ok := strings.Cut(expanded, "=")
		if resolved && ok && validName(name) && validUTF8(text) {
			out = append(out, Assignment{Name: name, Text: text, Line: d.Line, Unknown: unknown})
		}
	}
	return out
}
