package run

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// progress says on a terminal what the run waits for; elsewhere it says nothing.
type progress struct{ out io.Writer }

func newProgress(w io.Writer) *progress {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(file.Fd())) {
		return &progress{out: io.Discard}
	}
	return &progress{out: w}
}

// eraseLine goes to the beginning of the line and erases it (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// wait replaces the line by what is waited for now.
func (p *progress) wait(what string) { fmt.Fprintf(p.out, "%scoder-ha: %s…", eraseLine, what) }

// done takes the line away.
func (p *progress) done() { fmt.Fprint(p.out, eraseLine) }
