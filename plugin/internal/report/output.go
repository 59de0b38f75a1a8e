package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/wholefile"
)

// Output says how a report is written.
type Output struct {
	// Format is that of standard output, one of Formats. Where it is empty, it is
	// text if there are no Files, and otherwise nothing is written there.
	Format string
	// Files take the report besides, each in its own format.
	Files []File
	// Color is one of Colors, auto where it is empty.
	Color string
	// Verbose shows what passed and what was skipped in full.
	Verbose bool
}

// File is a file that takes the report.
type File struct{ Format, Path string }

// Colors say when a text report has color: auto is on a terminal.
func Colors() []string { return []string{"auto", "always", "never"} }

// Check says which file cannot be written, before there is a report.
func (o Output) Check() error {
	for _, f := range o.Files {
		if err := wholefile.Check(f.Path); err != nil {
			return fmt.Errorf("--output %s=%s: %w", f.Format, f.Path, err)
		}
	}
	return nil
}

// Write writes the report in each format to its place. One place that does not
// take it keeps it from no other. It changes the report.
func (o Output) Write(w *border.Writer, r Report) error {
	all := o.Files
	if o.Format != "" || len(all) == 0 {
		name := o.Format
		if name == "" {
			name = "text"
		}
		all = append([]File{{Format: name}}, all...)
	}
	clean(&r, w.Known())
	var errs []error
	for _, lines := range []bool{false, true} {
		if lines {
			inLines(&r)
		}
		for _, f := range all {
			format, err := formatOf(f.Format)
			if err == nil && format.lines == lines {
				err = o.one(w, f, format, r)
			}
			if err != nil && lines == format.lines {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// one writes the report in one format.
func (o Output) one(w *border.Writer, f File, as format, r Report) error {
	if f.Path == "" {
		return as.write(o, w, r)
	}
	var content bytes.Buffer
	if err := as.write(o, border.New(&content, w.Known()), r); err != nil {
		return err
	}
	if err := wholefile.Write(f.Path, content.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
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
