package pgurl

import (
	"strings"
	"unicode"
)

// parseDSN reads a key=value string by the rules of lib/pq's parseOpts: white
// space around =, values in single quotes, a backslash before any character.
// The last of two equal keys wins.
func parseDSN(s string) (map[string]string, error) {
	settings := map[string]string{}
	rest := []rune(s)
	for {
		rest = skipSpaces(rest)
		if len(rest) == 0 {
			return settings, nil
		}
		end := 0
		for end < len(rest) && !unicode.IsSpace(rest[end]) && rest[end] != '=' {
			end++
		}
		name := string(rest[:end])
		rest = skipSpaces(rest[end:])
		if len(rest) == 0 || rest[0] != '=' {
			return nil, fail(PartWhole, "is neither a URL that begins with postgres:// nor a key=value string", form)
		}
		value, left, err := dsnValue(skipSpaces(rest[1:]))
		if err != nil {
			return nil, err
		}
		settings[name], rest = value, left
	}
}

// dsnValue reads one value and returns what follows it.
func dsnValue(s []rune) (value string, rest []rune, err error) {
	quoted := len(s) > 0 && s[0] == '\''
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
			if i == len(s) {
				return "", nil, fail(PartWhole, "ends with a backslash", form)
			}
			b.WriteRune(s[i])
		case quoted && s[i] == '\'':
			return b.String(), s[i+1:], nil
		case !quoted && unicode.IsSpace(s[i]):
			return b.String(), s[i:], nil
		default:
			b.WriteRune(s[i])
		}
	}
	if quoted {
		return "", nil, fail(PartWhole, "opens a quote and does not close it", form)
	}
	return b.String(), nil, nil
}

func skipSpaces(s []rune) []rune {
	for len(s) > 0 && unicode.IsSpace(s[0]) {
		s = s[1:]
	}
	return s
}
