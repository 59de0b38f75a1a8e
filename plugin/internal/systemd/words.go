package systemd

import (
	"errors"
	"strconv"
	"strings"
)

// errWords says that a setting of a unit cannot be taken apart, so that systemd
// ignores the line.
var errWords = errors.New("a quote or an escape sequence in it is not complete")

// Words takes a setting of a unit apart as systemd does for Environment= and
// ExecStart=: words are parted by whitespace; quotes hold whitespace together, and
// escape sequences are those of C.
func Words(text string) ([]string, error) {
	var words []string
	for rest := strings.TrimLeft(text, whitespace); rest != ""; rest = strings.TrimLeft(rest, whitespace) {
		var word string
		var err error
		if word, rest, err = firstWord(rest); err != nil {
			return words, err
		}
		words = append(words, word)
	}
	return words, nil
}

// firstWord is the word that a text begins with, and what follows it.
func firstWord(text string) (word, rest string, err error) {
	var out []byte
	var quote byte
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\\':
			char, n, err := unescape(text[i+1:])
			if err != nil {
				return "", "", err
			}
			out = append(out, char...)
			i += 1 + n
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			out = append(out, c)
		case c == '\'' || c == '"':
			quote = c
		case in(whitespace, c):
			return string(out), text[i:], nil
		default:
			out = append(out, c)
		}
		i++
	}
	if quote != 0 {
		return "", "", errWords
	}
	return string(out), "", nil
}

var escapes = map[byte]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
	'\\': `\`, '"': `"`, '\'': `'`, 's': " ",
}

// unescape reads what stands behind a backslash, and says how long it is.
func unescape(text string) (char string, n int, err error) {
	if text == "" {
		return "", 0, errWords
	}
	if char, ok := escapes[text[0]]; ok {
		return char, 1, nil
	}
	digits, base, start := 0, 16, 1
	switch c := text[0]; {
	case c == 'x':
		digits = 2
	case c == 'u':
		digits = 4
	case c == 'U':
		digits = 8
	case c >= '0' && c <= '7':
		digits, base, start = 3, 8, 0
	default:
		return "", 0, errWords
	}
	if len(text) < start+digits {
		return "", 0, errWords
	}
	code, err := strconv.ParseUint(text[start:start+digits], base, 31)
	switch {
	case err != nil || code == 0:
		return "", 0, errWords
	case digits < 4 && code > 0xff:
		return "", 0, errWords
	case digits < 4:
		return string([]byte{byte(code & 0xff)}), start + digits, nil
	}
	char = string(rune(code & 0x7fffffff))
	if !validUTF8(char) || strings.HasPrefix(char, "\ufffd") && code != 0xfffd {
		return "", 0, errWords
	}
	return char, start + digits, nil
}
