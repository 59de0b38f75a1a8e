package run

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// progress talks on standard error while the report is not there yet. On a
// terminal its last line says what the run waits for; elsewhere there is no such
// line. A source that was left behind may still talk, so it can be used by several
// goroutines.
type progress struct {
	out      io.Writer
	terminal bool

	mu sync.Mutex
	// waiting is what the last line says; empty where there is no such line.
	waiting string
}

func newProgress(w io.Writer) *progress {
	file, ok := w.(*os.File)
	return &progress{out: w, terminal: ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))}
}

// eraseLine goes to the beginning of the line and erases it (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// wait replaces the line by what is waited for now.
func (p *progress) wait(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(what)
}

// done takes the line away.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show("")
}

// say writes a sentence above the line.
func (p *progress) say(sentence string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.waiting
	p.show("")
	fmt.Fprintln(p.out, "coder-ha: "+sentence)
	p.show(waiting)
}

// show erases the line and writes another one, if there is something to say.
func (p *progress) show(what string) {
	if !p.terminal {
		return
	}
	if p.waiting != "" {
		fmt.Fprint(p.out, eraseLine)
	}
	if what != "" {
		fmt.Fprintf(p.out, "coder-ha: %s…", what)
	}
	p.waiting = what
}
