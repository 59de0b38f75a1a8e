package run

import (
	"sync"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
)

// progress talks on standard error while the report is not there yet. On a
// terminal its last line says what the run waits for; elsewhere there is no such
// line. A source that was left behind may still talk, so it can be used by several
// goroutines.
type progress struct {
	out      *border.Writer
	terminal bool

	mu sync.Mutex
	// waiting is what the last line says; empty where there is no such line.
	waiting string
	// said are the sentences of once.
	said map[string]bool
}

func newProgress(w *border.Writer) *progress {
	return &progress{out: w, terminal: w.Terminal()}
}

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

// quiet says no more what is waited for: a screen is there that is drawn anew.
func (p *progress) quiet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.terminal = false
}

// once is say, for a sentence that need not be repeated with each look.
func (p *progress) once(sentence string) {
	p.mu.Lock()
	said := p.said[sentence]
	if p.said == nil {
		p.said = map[string]bool{}
	}
	p.said[sentence] = true
	p.mu.Unlock()
	if !said {
		p.say(sentence)
	}
}

// report says how far a long wait is: in the last line on a terminal, and elsewhere
// in a line of its own.
func (p *progress) report(what string) {
	if p.terminal {
		p.wait(what)
		return
	}
	p.say(what)
}

// say writes a sentence above the line.
func (p *progress) say(sentence string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.waiting
	p.show("")
	p.out.Say("coder-ha: ", sentence)
	p.show(waiting)
}

// show erases the line and writes another one, if there is something to say.
func (p *progress) show(what string) {
	if !p.terminal {
		return
	}
	p.out.Status(p.waiting != "", what)
	p.waiting = what
}
