package border

import (
	"regexp"
	"strings"
)

// The commands that runners of CI obey in the output of a program: GitHub's
// ::error:: at the beginning of a line, and ##[error], ##vso[...] and
// ##teamcity[...] anywhere in it.
var commands = regexp.MustCompile(`##(\[|[A-Za-z]+\[)`)

// disarmed is a line in which no runner finds a command.
func disarmed(line, escaped string) string {
	if strings.Contains(line, "##") {
		line = commands.ReplaceAllString(line, escaped+"${1}")
	}
	if trimmed := strings.TrimLeft(line, " \t"); strings.HasPrefix(trimmed, "::") {
		line = line[:len(line)-len(trimmed)] + `\` + trimmed
	}
	return line
}
