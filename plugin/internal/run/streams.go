package run

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// Streams are where a command reads and writes: the report goes to Out, all
// talk goes to Err.
type Streams struct {
	In io.Reader
	// Out and Err are the border: nothing leaves the program around them, but for
	// what Product takes.
	Out, Err *border.Writer
	// Product is standard output for a document that the user handed in, or asked
	// to be made, and that goes to a file or into another program: it takes every
	// byte as it is, secrets included, for they are the user's own. On a screen
	// it escapes what a terminal would obey. No sentence and no text of a server
	// goes there.
	Product io.Writer
	// Secrets are those of this run. Whoever reads one makes it known here.
	Secrets *secrets.Known
}

// NewStreams puts the border around the streams of a process.
func NewStreams(in io.Reader, out, err io.Writer) Streams {
	known := secrets.New(ownWords()...)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
		known.AddURL(os.Getenv(name))
		known.AddURL(os.Getenv(strings.ToLower(name)))
	}
	s := Streams{In: in, Out: border.New(out, known), Err: border.New(err, known), Product: out, Secrets: known}
	if s.Out.Terminal() {
		s.Product = border.New(out, nil)
	}
	return s
}

// Flush writes what does not end with a line.
func (s Streams) Flush() error { return errors.Join(s.Out.Flush(), s.Err.Flush()) }

// Say writes a sentence to Err. The sentence may quote others.
func (s Streams) Say(sentence string) { s.Err.Say("coder-ha: ", sentence) }

// ownWords are the words of the checks, which no password takes away.
func ownWords() []string {
	var out []string
	for _, c := range checks.All() {
		out = append(out, c.ID, c.Area.Title, c.Title, c.Why, c.Example, c.Remedy)
	}
	return out
}
