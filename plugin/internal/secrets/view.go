package secrets

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// view is a text as a reader would decode it. Each byte knows where it stands in
// the text itself.
type view struct {
	text []byte
	// from and to are nil where the view is the text.
	from, to []int32
}

func (v view) source(i int) (from, to int) {
	if v.from == nil {
		return i, i + 1
	}
	return int(v.from[i]), int(v.to[i])
}

// readings is how often a text is decoded: what is encoded three times over is not
// for readers.
const readings = 3

// views are the text, what it becomes when one way to quote is undone, and what it
// becomes when all are, again and again: a secret may hold what looks quoted.
func views(text string) []view {
	last := view{text: []byte(text)}
	all := []view{last}
	ways := 0
	for i := range marks {
		if !strings.ContainsAny(text, marks[i:i+1]) {
			continue
		}
		if next, changed := last.decoded(marks[i : i+1]); changed {
			all = append(all, next)
			ways++
		}
	}
	for range readings {
		next, changed := last.decoded(marks)
		if !changed {
			break
		}
		if last = next; ways > 1 || len(all) > 2 {
			all = append(all, next)
		}
		ways = 2
	}
	return all
}

// marks begin what is quoted; a line break stands for those of Windows too.
const marks = "%\\&\n"

// decoded undoes one level of what programs do to a text that they quote, as far
// as it begins with one of the marks: percent-encoding, backslashes as in JSON,
// YAML and Go, entities as in HTML, and line breaks with the indentation around
// them.
func (v view) decoded(by string) (out view, changed bool) {
	if !bytes.ContainsAny(v.text, by+"\r") {
		return v, false
	}
	out.text = make([]byte, 0, len(v.text))
	out.from, out.to = make([]int32, 0, len(v.text)), make([]int32, 0, len(v.text))
	for i := 0; i < len(v.text); {
		decoded, n := v.text[i:i+1], 1
		if mark := v.text[i]; strings.IndexByte(by, mark) >= 0 || mark == '\r' && by[len(by)-1] == '\n' {
			if found, length := unit(v.text[i:]); length > 0 {
				decoded, n, changed = found, length, true
			}
		}
		if len(decoded) == 0 {
			out.trimRight()
		}
		from, _ := v.source(i)
		_, to := v.source(i + n - 1)
		for _, b := range decoded {
			out.text = append(out.text, b)
			out.from, out.to = append(out.from, int32(from)), append(out.to, int32(to))
		}
		i += n
	}
	return out, changed
}

// trimRight takes away the blanks before a line break.
func (v *view) trimRight() {
	n := len(strings.TrimRight(string(v.text[max(0, len(v.text)-maxIndent):]), " \t"))
	n += max(0, len(v.text)-maxIndent)
	v.text, v.from, v.to = v.text[:n], v.from[:n], v.to[:n]
}

// maxIndent is how many blanks around a line break are passed over.
const maxIndent = 256

// unit decodes what a text begins with. It is n bytes long, and 0 where there is
// nothing to decode.
func unit(text []byte) (decoded []byte, n int) {
	switch text[0] {
	case '%':
		if b, ok := number(text, 1, 2, 16); ok {
			return []byte{byte(b)}, 3
		}
	case '\\':
		return backslash(text)
	case '&':
		return entity(text)
	case '\r', '\n':
		n = 1
		for n < len(text) && n < maxIndent && strings.IndexByte(" \t\r\n", text[n]) >= 0 {
			n++
		}
		return nil, n
	}
	return nil, 0
}

// backslashes are the escapes of one character.
var backslashes = map[byte]byte{
	'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', 'a': '\a', 'v': '\v', 'e': 0x1b,
	'"': '"', '\'': '\'', '\\': '\\', '/': '/', ' ': ' ', '`': '`', '$': '$',
}

func backslash(text []byte) (decoded []byte, n int) {
	if len(text) < 2 {
		return nil, 0
	}
	switch text[1] {
	case 'x':
		if b, ok := number(text, 2, 2, 16); ok {
			return []byte{byte(b)}, 4
		}
	case 'u':
		if r, ok := number(text, 2, 4, 16); ok {
			return utf8.AppendRune(nil, rune(r)), 6
		}
	case 'U':
		if r, ok := number(text, 2, 8, 16); ok && r <= utf8.MaxRune {
			return utf8.AppendRune(nil, rune(r)), 10
		}
	case '\n', '\r':
		_, n = unit(text[1:])
		return nil, n + 1
	case '0', '1', '2', '3':
		if b, ok := number(text, 1, 3, 8); ok {
			return []byte{byte(b)}, 4
		}
	}
	if b, ok := backslashes[text[1]]; ok {
		return []byte{b}, 2
	}
	return nil, 0
}

// entities are those that Go's and JavaScript's encoders write.
var entities = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

func entity(text []byte) (decoded []byte, n int) {
	const longest = len("&#1114111;")
	end := strings.IndexByte(string(text[:min(len(text), longest)]), ';')
	if end < 2 {
		return nil, 0
	}
	name := string(text[1:end])
	if char, ok := entities[name]; ok {
		return []byte(char), end + 1
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return nil, 0
	}
	base := 10
	if hexadecimal, ok := strings.CutPrefix(strings.ToLower(digits), "x"); ok {
		digits, base = hexadecimal, 16
	}
	r, err := strconv.ParseUint(digits, base, 21)
	if err != nil || r > utf8.MaxRune {
		return nil, 0
	}
	return utf8.AppendRune(nil, rune(r)), end + 1
}

// number reads width digits at a place.
func number(text []byte, at, width, base int) (n uint64, ok bool) {
	if len(text) < at+width {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[at:at+width]), base, 32)
	return n, err == nil
}
