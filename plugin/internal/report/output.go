package report

import (
	"fmt"
	"os"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
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

// Write writes the report in its format.
func (o Output) Write(w *border.Writer, r Report) error {
	var writer Writer
	out := w
	switch o.Format {
	case "", "text":
		colored := o.colored(w)
		if colored {
			w.Colors()
		}
		writer = textWriter{color: colored, verbose: o.Verbose}
	case "json":
		writer, out = jsonWriter{}, w.JSON()
	default:
		return fmt.Errorf("unknown output format %q: use %s", o.Format, strings.Join(Formats(), " or "))
	}
	clean(&r, w.Known())
	if err := writer.Write(out, r); err != nil {
		return err
	}
	return out.Flush()
}

// colored says whether the report has color: as asked, else on a terminal,
// unless NO_COLOR (https://no-color.org) or TERM=dumb say otherwise.
func (o Output) colored(w *border.Writer) bool {
	switch o.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return os.Getenv("NO_COLOR") == "" && w.Terminal()
}
