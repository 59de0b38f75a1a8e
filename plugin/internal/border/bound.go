package border

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// Longest is how many bytes of a text of others are shown: enough for a chain of
// errors, and less than a screen can lose.
const Longest = 4 << 10

// mostLines is how many lines of it are shown.
const mostLines = 60

// searched is how much of either end of a text is searched for secrets, of which
// the far end is not shown: what is cut there may be half of one.
const searched = 8 * Longest

// Clean is a text of others without secrets. It is not longer than Longest, and
// says how much is left out. The end of a text is kept too: errors say their cause
// there.
func Clean(text string, known *secrets.Known) string {
	if len(text) > 2*searched {
		head, tail := text[:searched], text[len(text)-searched:]
		return shortened(known.Hide(head), known.Hide(tail), len(text)-2*searched)
	}
	text = firstLines(known.Hide(text))
	if len(text) <= Longest {
		return text
	}
	return shortened(text, text, -len(text))
}

// firstLines is a text without the lines that are too many.
func firstLines(text string) string {
	n := strings.Count(text, "\n")
	if n <= mostLines {
		return text
	}
	lines := strings.SplitAfterN(text, "\n", mostLines+1)
	return strings.Join(lines[:mostLines], "") + fmt.Sprintf("… (%d more lines)", n-mostLines+1)
}

// shortened shows the beginning of one text and the end of another. Between them,
// so many bytes stand in neither.
func shortened(head, tail string, between int) string {
	from := min(len(head), Longest*3/4)
	for from > 0 && from < len(head) && !utf8.RuneStart(head[from]) {
		from--
	}
	to := max(0, len(tail)-Longest/4)
	for to < len(tail) && !utf8.RuneStart(tail[to]) {
		to++
	}
	left := len(head) - from + between + to
	return firstLines(fmt.Sprintf("%s… (%d bytes are left out here) …%s", head[:from], left, tail[to:]))
}
