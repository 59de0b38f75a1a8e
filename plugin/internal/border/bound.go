package border

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Longest is how many bytes of a text of others are shown: enough for a chain of
// errors, and less than a screen can lose.
const Longest = 4 << 10

// mostLines is how many lines of it are shown.
const mostLines = 60

// Bounded is a text that is not longer than Longest, and says how much of it is
// left out. The end of a text is kept too: errors say their cause there.
func Bounded(text string) string {
	if n := strings.Count(text, "\n"); n > mostLines {
		lines := strings.SplitAfterN(text, "\n", mostLines+1)
		text = strings.Join(lines[:mostLines], "") + fmt.Sprintf("… (%d more lines)", strings.Count(lines[mostLines], "\n")+1)
	}
	if len(text) <= Longest {
		return text
	}
	head, tail := Longest*3/4, len(text)-Longest/4
	for head > 0 && !utf8.RuneStart(text[head]) {
		head--
	}
	for tail < len(text) && !utf8.RuneStart(text[tail]) {
		tail++
	}
	return fmt.Sprintf("%s… (%d bytes are left out here) …%s", text[:head], tail-head, text[tail:])
}
