// Package border is where everything that the program writes leaves it. What
// others wrote, such as a chart, a database or a server, cannot give orders to a
// terminal or to a runner of CI there, cannot pass for a line of the report, and
// takes no secret along.
package border

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// Writer is a stream that is bordered. It writes whole lines; Flush writes one
// that has not ended. It can be used by several goroutines.
type Writer struct {
	known *secrets.Known

	mu  sync.Mutex
	out io.Writer
	// data is how a line of JSON or YAML writes what is not shown; nil for text.
	data  notation
	color bool
	// html says that tags are our own, and style that a style sheet has begun.
	html, style bool
	// held is a line that has not ended.
	held []byte
	// key says that a private key has begun and not ended.
	key bool
	// screen takes the lines until they are drawn; nil where they leave at once.
	screen *screen
}

// New is a bordered stream. Known are the secrets to hide.
func New(out io.Writer, known *secrets.Known) *Writer { return &Writer{out: out, known: known} }

// JSON is the same stream for JSON: what is not shown is written as JSON writes
// it, so that a reader gets the very same texts.
func (w *Writer) JSON() *Writer {
	return &Writer{out: w.out, known: w.known, data: unicodeEscape, screen: w.screen}
}

// YAML is JSON for YAML with one scalar in a line, its strings quoted as JSON does.
func (w *Writer) YAML() *Writer {
	return &Writer{out: w.out, known: w.known, data: yamlEscape, screen: w.screen}
}

// Known are the secrets that the stream hides.
func (w *Writer) Known() *secrets.Known { return w.known }

// Terminal says whether the stream ends on a screen.
func (w *Writer) Terminal() bool { return terminal(w.out) }

// Columns is how many letters a line of the screen has; 0 where there is none.
func (w *Writer) Columns() int {
	file, ok := w.out.(*os.File)
	if !ok || !terminal(file) {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// Colors lets the colors of Colored pass.
func (w *Writer) Colors() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.color = true
}

// longestLine is how much of a line is held back until it ends.
const longestLine = 64 << 10

// Write takes bytes and writes the lines that are complete.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	end := bytes.LastIndexByte(w.held, '\n') + 1
	if end == 0 && len(w.held) > longestLine {
		for end = longestLine; end > 0 && !utf8.RuneStart(w.held[end]); end-- {
		}
	}
	if err := w.write(end); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes the line that has not ended.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(len(w.held))
}

// write writes the first n bytes of what is held.
func (w *Writer) write(n int) error {
	if n == 0 {
		return nil
	}
	var out strings.Builder
	for line := range bytes.Lines(w.held[:n]) {
		text, ended := strings.CutSuffix(string(line), "\n")
		out.WriteString(w.line(text))
		if ended {
			out.WriteByte('\n')
		}
	}
	w.held = slices.Delete(w.held, 0, n)
	if w.screen != nil {
		w.screen.text.WriteString(out.String())
		return nil
	}
	_, err := io.WriteString(w.out, out.String())
	return err
}

// line is a line as it leaves.
func (w *Writer) line(text string) string {
	if w.data != nil {
		return w.dataLine(text)
	}
	if w.html {
		return w.page(text)
	}
	return w.text(text)
}

// text is a text, or a line of it, as it leaves.
func (w *Writer) text(text string) string {
	text = w.withoutKeys(strings.TrimSuffix(text, "\r"))
	text = w.known.Hide(text)
	if escaped := w.colored(text); escaped != text {
		// A character that is written out no longer hides where a word ends.
		text = w.known.Hide(escaped)
	}
	return disarmed(text, `#\#`)
}

// withoutKeys hides the lines of a private key.
func (w *Writer) withoutKeys(text string) string {
	switch {
	case w.key:
		w.key = !strings.Contains(text, "-----END ")
		return secrets.Hidden
	case strings.Contains(text, "-----BEGIN ") && strings.Contains(text, "PRIVATE KEY") && !strings.Contains(text, "-----END "):
		w.key = true
	}
	return text
}

// eraseLine goes to the beginning of the line and erases it (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// Status writes a line of our own that does not end, for a screen. Erase says that
// there is such a line to take away first; an empty one is not written.
func (w *Writer) Status(erase bool, what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := ""
	if erase {
		text = eraseLine
	}
	if what != "" {
		text += fitting("coder-ha: "+Line(what)+"…", w.out)
	}
	if text != "" {
		_, _ = io.WriteString(w.out, text)
	}
}

// fitting is a line that ends before the right edge of a terminal: of one that goes on
// below, only the last row would be erased.
func fitting(line string, w io.Writer) string {
	columns, _ := size(w)
	if all := []rune(line); len(all) >= columns {
		return string(all[:columns-2]) + "…"
	}
	return line
}

// Say writes a sentence behind a prefix of our own. The sentence may quote others:
// it is bounded, and its further lines are indented below the first.
func (w *Writer) Say(prefix, sentence string) {
	text := Lines(Clean(sentence, w.known))
	// Nothing can be done about a stream that does not take our words.
	_, _ = io.WriteString(w, prefix+Indented(strings.TrimRight(text, "\n"), "  ")+"\n")
}

// Indented is a text whose lines after the first begin with an indentation, so
// that none of them passes for a line of its own.
func Indented(text, indentation string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines[1:] {
		if !strings.HasPrefix(line, indentation) {
			lines[i+1] = indentation + line
		}
	}
	return strings.Join(lines, "\n")
}
