// Package systemd reads environment files and units as systemd does, and writes
// environment files that it reads back. The grammar is that of systemd 252
// (src/basic/env-file.c, src/shared/conf-parser.c); where later versions read a
// text another way, it is said there.
package systemd

import (
	"strings"
	"unicode/utf8"
)

const (
	whitespace = " \t\n\r"
	newline    = "\n\r"
	comments   = "#;"
)

func in(set string, c byte) bool { return strings.IndexByte(set, c) >= 0 }

// validName says whether systemd takes a name for that of an environment
// variable.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return name != ""
}

// validUTF8 says whether systemd takes a text for UTF-8: it refuses what Unicode
// says is no character, too.
func validUTF8(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool { return r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE }) < 0
}
