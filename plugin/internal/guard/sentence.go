package guard

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// size is a number of bytes for people.
func size(bytes int64) string { return strconv.FormatInt(bytes>>20, 10) + " MiB" }

// outOfMemory are the words of the Go runtime when the system gives it no memory; the
// last ones are those of a build with the race detector.
var outOfMemory = []string{
	"cannot allocate memory", "out of memory", "cannot reserve arena", "failed to create new OS thread",
	"too many address space collisions",
}

// place finds where in this program a trace was taken.
var place = regexp.MustCompile(`(?m)^\t\S*(plugin/internal/[a-z/0-9_]+\.go:\d+)`)

// exitUnable is the exit code of work that could not be done, as in package run.
const exitUnable = 2

// Explain says what ended a worker, from its state, which is nil where it was lost,
// and from what it wrote. The exit code is that of the guard. A worker that ended by
// itself has said why.
func Explain(state *os.ProcessState, written string) (code int) {
	switch {
	case state == nil:
		say("stopped: the process that does the work was lost")
	case killed(state):
		say("stopped by the system or by another process: it may lack memory")
	case !state.Exited() || Traced(written):
		say(Sentence(written))
	}
	return exitUnable
}

// Sentence says what ended a worker, from what it wrote as it ended. Of that
// nothing is repeated but the place in this program, for a trace may quote an input.
func Sentence(written string) string {
	doing, memory := "", size(DefaultMemory)
	var words []string
	for line := range strings.Lines(written) {
		line = strings.TrimSuffix(line, "\n")
		if told, ok := strings.CutPrefix(line, note); ok {
			if what, ok := strings.CutPrefix(told, "doing "); ok {
				doing = " while " + what
			}
			if most, ok := strings.CutPrefix(told, "memory "); ok {
				memory = most
			}
			continue
		}
		words = append(words, line)
	}
	head := strings.Join(words[:min(len(words), 8)], "\n")
	for _, sign := range outOfMemory {
		if strings.Contains(head, sign) {
			return fmt.Sprintf("stopped%s: it needs more memory than the %s of --max-memory: an input is too large, or made to be", doing, memory)
		}
	}
	switch {
	case strings.Contains(head, "stack exceeds") || strings.Contains(head, "stack overflow"):
		return fmt.Sprintf("stopped%s: an input is nested too deeply", doing)
	case strings.Contains(head, "SIGQUIT"):
		return fmt.Sprintf("stopped%s by SIGQUIT", doing)
	}
	at := ""
	if m := place.FindStringSubmatch(written); m != nil {
		at = " at " + m[1]
	}
	return fmt.Sprintf("stopped%s by a defect of coder-ha%s: please report it with the command and, if you can, the input", doing, at)
}

// Traced says whether a worker that ended with the exit code of the Go runtime
// wrote a trace.
func Traced(written string) bool {
	for line := range strings.Lines(written) {
		if !strings.HasPrefix(line, note) {
			return true
		}
	}
	return false
}
