// Package guard ends a run that goes wrong beyond recovery with one sentence: a
// run that needs more memory than it may have, and a defect of this program.
//
// The program runs twice. The first process, the guard, only starts the second
// one, the worker, with the same arguments, and waits for it. The worker does all
// the work, and the kernel gives it no more memory than its ceiling: no template,
// however it is made, takes more. Go ends a process that gets no memory, or that
// panics where nobody recovers, with exit code 2 and a stack trace. The guard reads
// the trace in the place of the terminal, and says what happened.
package guard

import (
	"io"
	"os"
	"runtime/debug"
)

// DefaultMemory is the ceiling of a run without a flag, in bytes.
const DefaultMemory = 512 << 20

// LeastMemory is the lowest ceiling that can be asked for, in bytes: what an
// ordinary run needs, and as much again.
const LeastMemory = 128 << 20

// note begins a line by which the worker tells its guard something. What follows
// is written to the terminal as it is, so it never quotes an input.
const note = "coder-ha guard: "

var (
	// trace leads to the guard, if there is one.
	trace = io.Discard
	// armed says that this process may limit itself, ceiling how far.
	armed   bool
	ceiling int64
)

// Doing tells the guard what is being done, in words that continue "stopped while".
func Doing(what string) { tell("doing " + what) }

// LimitMemory sets the ceiling of the program; that of a test has none. Well below it the garbage collector works harder.
func LimitMemory(bytes int64) error {
	if !armed {
		return nil
	}
	ceiling = bytes
	debug.SetMemoryLimit(bytes / 4 * 3)
	tell("memory " + size(bytes))
	return limitMemory(bytes)
}

// largeInput is the size from which the garbage of an input counts, in bytes: a chart
// and its values stay far below.
const largeInput = 1 << 20

// Large tells of an input of so many bytes. A short run leaves much garbage, because
// collecting it takes longer; what a large one leaves would be many times its size.
func Large(bytes int) {
	if armed && bytes > largeInput {
		debug.SetGCPercent(50)
	}
}

// Strictly does work that an input steers, such as rendering a template. A single
// allocation cannot go beyond the ceiling then either. Programs that are started
// meanwhile have the same limits.
func Strictly(work func()) {
	if armed && ceiling > 0 {
		if lift, err := limitAddresses(ceiling); err == nil {
			defer lift()
		}
	}
	work()
}

func tell(what string) { _, _ = io.WriteString(trace, note+what+"\n") }

// TraceTo says where the Go runtime writes as it ends the process, nil where no guard
// reads that, and that this is the program itself.
func TraceTo(w io.Writer) {
	armed, trace = true, w
	if w == nil {
		trace = noNotes{}
	}
}

// noNotes writes what is for people, and leaves out what is for a guard.
type noNotes struct{}

func (noNotes) Write(b []byte) (int, error) {
	if text := string(b); Traced(text) {
		say(Sentence(text))
	}
	return len(b), nil
}

func say(what string) { _, _ = os.Stderr.WriteString("coder-ha: " + what + "\n") }
