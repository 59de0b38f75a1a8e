package run

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASentenceStandsAboveWhatTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &progress{out: &out, terminal: true}
	p.say("before")
	p.wait("reading the replicas")
	p.say("between")
	p.wait("asking the database")
	p.done()
	p.done()
	assert.Equal(t, "coder-ha: before\n"+
		"coder-ha: reading the replicas…"+eraseLine+"coder-ha: between\n"+
		"coder-ha: reading the replicas…"+eraseLine+"coder-ha: asking the database…"+eraseLine, out.String())
}

func TestOnlyATerminalShowsWhatTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	p.wait("reading the replicas")
	p.say("between")
	p.done()
	assert.Equal(t, "coder-ha: between\n", out.String())
}
