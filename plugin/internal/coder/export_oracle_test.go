//go:build oracle

package coder

import (
	"math/rand/v2"
	"testing"
	"time"
)

// What the test of pods takes over from that of starts: it imports a package that
// imports this one.
type (
	Question = question
	Answer   = answer
)

// Compared is a version of coderd that can be asked.
type Compared struct {
	Version  Version
	Ask      func(*testing.T, Question) Answer
	Question func() Question
	// More says whether to ask another one, after so many.
	More func(asked int) bool
}

// Compare starts a coderd's option library.
func Compare(t *testing.T, modfile, version string) Compared {
	t.Helper()
	o := startOracle(t, modfile, version)
	g := newGenerator(o.version, *seed)
	g.Rand = rand.New(rand.NewPCG(*seed, 1))
	begun := time.Now()
	return Compared{
		Version: o.version, Ask: o.ask, Question: g.question,
		// A pod takes longer than a start.
		More: func(asked int) bool { return asked < *cases/3 && *long == 0 || time.Since(begun) < *long },
	}
}

// Shrink leaves away what it can while a question still fails.
func Shrink(q Question, fails func(Question) bool) Question { return shrink(q, fails) }

// Canonical is a text as coderd's option library prints it.
func Canonical(s Setting, text string) string { return canonical(s, Value{Text: text}) }

// Shared says whether a setting has two names.
func Shared(s Setting) bool { return shared(s) }
