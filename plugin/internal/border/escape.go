package border

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is a text of others in one line: what a terminal would obey is written as
// in Go and JSON, line breaks and tabs included.
func Line(text string) string { return escape(text, visible, "") }

// Lines is Line for a text that may have several lines.
func Lines(text string) string {
	return escape(strings.ReplaceAll(text, "\r\n", "\n"), visible, "\n")
}

// invisible are the characters that unicode.IsPrint lets pass and nobody sees:
// fillers, joiners and variation selectors.
var invisible = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034F, Hi: 0x034F, Stride: 1},
		{Lo: 0x115F, Hi: 0x1160, Stride: 1},
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1},
		{Lo: 0x180B, Hi: 0x180F, Stride: 1},
		{Lo: 0x2800, Hi: 0x2800, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xFE00, Hi: 0xFE0F, Stride: 1},
		{Lo: 0xFFA0, Hi: 0xFFA0, Stride: 1},
		{Lo: 0xFFFD, Hi: 0xFFFD, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0xE0100, Hi: 0xE01EF, Stride: 1},
	},
}

// shown says whether a character is a mark on the screen and nothing else: no
// control, no direction, nothing invisible, and of blanks the one in ASCII.
func shown(r rune) bool {
	return 0x20 <= r && r < 0x7F || r > 0x7F && unicode.IsPrint(r) && !unicode.Is(invisible, r)
}

// mostMarks is how many marks may stand on one letter. More of them cover the
// lines above and below.
const mostMarks = 3

// notation writes what is not shown: a character, or a byte that is none.
type notation func(r rune, invalid bool) string

func visible(r rune, invalid bool) string {
	switch {
	case invalid:
		return fmt.Sprintf(`\x%02x`, r)
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xFFFF:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// escape writes every character that is not shown in a notation, but for those to
// keep.
func escape(text string, write notation, keep string) string {
	if plain(text, keep) {
		return text
	}
	var out strings.Builder
	marks := 0
	for i, n := 0, 0; i < len(text); i += n {
		var r rune
		r, n = utf8.DecodeRuneInString(text[i:])
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && n == 1:
			out.WriteString(write(rune(text[i]), true))
		case shown(r) && marks <= mostMarks || r < 0x80 && strings.ContainsRune(keep, r):
			out.WriteRune(r)
		default:
			out.WriteString(write(r, false))
		}
	}
	return out.String()
}

// plain says whether a text is ASCII that is shown.
func plain(text, keep string) bool {
	for i := range len(text) {
		if b := text[i]; (b < 0x20 || b > 0x7E) && strings.IndexByte(keep, b) < 0 {
			return false
		}
	}
	return true
}
