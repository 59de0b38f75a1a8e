package run

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
)

func TestASentenceStandsAboveWhatTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &progress{out: border.New(&out, nil), terminal: true}
	p.say("before")
	p.wait("reading the replicas")
	p.say("between")
	p.wait("asking the database")
	p.done()
	p.done()
	assert.Equal(t, "coder-ha: before\n"+
		"coder-ha: reading the replicas…"+"\r\x1b[K"+"coder-ha: between\n"+
		"coder-ha: reading the replicas…"+"\r\x1b[K"+"coder-ha: asking the database…"+"\r\x1b[K", out.String())
}

func TestOnlyATerminalShowsWhatTheRunWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(border.New(&out, nil))
	p.wait("reading the replicas")
	p.say("between")
	p.done()
	assert.Equal(t, "coder-ha: between\n", out.String())
}
