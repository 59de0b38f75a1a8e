package report

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Output says how a report is written.
type Output struct {
	// Format is one of Formats, text where it is empty.
	Format string
	// Color is one of Colors, auto where it is empty.
	Color string
	// Verbose shows what passed and what was skipped in full.
	Verbose bool
}

// Formats are the formats of a report.
func Formats() []string { return []string{"text", "json"} }

// Colors say when a text report has color: auto is on a terminal.
func Colors() []string { return []string{"auto", "always", "never"} }

// Write writes the report in its format. No text of secrets is in it.
func (o Output) Write(w io.Writer, r Report, secrets []string) error {
	redact(&r, secrets)
	switch o.Format {
	case "", "text":
		return textWriter{color: o.colored(w), verbose: o.Verbose}.Write(w, r)
	case "json":
		return jsonWriter{}.Write(w, r)
	}
	return fmt.Errorf("unknown output format %q: use %s", o.Format, strings.Join(Formats(), " or "))
}

// colored says whether the report has color: as asked, else on a terminal,
// unless NO_COLOR (https://no-color.org) or TERM=dumb say otherwise.
func (o Output) colored(w io.Writer) bool {
	switch o.Color {
	case "always":
		return true
	case "never":
		return false
	}
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}
