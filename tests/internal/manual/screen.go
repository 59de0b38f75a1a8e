package manual

import (
	"regexp"
	"slices"
	"strings"
)

// figure is what differs from run to run: a number with its unit, or none.
var figure = regexp.MustCompile(`\d+(\.\d+)*\s*(µs|ms|s|m|h|d)?\b`)

// Shape is a line of a screen without its figures and widths.
func Shape(line string) string {
	return strings.Join(strings.Fields(figure.ReplaceAllString(line, "0")), " ")
}

// Missing looks for the lines that a page shows in what was printed, in their order, and
// returns the first one that is not there. [...] stands for lines that the page leaves
// out. Two lines are the same if alike makes the same of them.
func Missing(shown, printed string, alike func(line string) string) string {
	rest := strings.Split(printed, "\n")
	for line := range strings.Lines(shown) {
		line = strings.TrimRight(line, "\n ")
		if line == "[...]" || line == "" {
			continue
		}
		want := alike(line)
		at := slices.IndexFunc(rest, func(p string) bool { return alike(p) == want })
		if at < 0 {
			return line
		}
		rest = rest[at+1:]
	}
	return ""
}
