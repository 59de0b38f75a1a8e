package report

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
)

// format is one way to write a report.
type format struct {
	name string
	// lines says that texts are written into lines, and are brought to such first.
	// Other formats have a notation of their own for what does not fit.
	lines bool
	// border is what the format leaves through.
	border func(Output, *border.Writer) *border.Writer
	writer func(Output, *border.Writer) Writer
}

// formats are all formats, for people first.
func formats() []format {
	same := func(_ Output, w *border.Writer) *border.Writer { return w }
	json := func(_ Output, w *border.Writer) *border.Writer { return w.JSON() }
	yaml := func(_ Output, w *border.Writer) *border.Writer { return w.YAML() }
	html := func(_ Output, w *border.Writer) *border.Writer { return w.HTML() }
	plain := func(w Writer) func(Output, *border.Writer) Writer {
		return func(Output, *border.Writer) Writer { return w }
	}
	text := func(o Output, w *border.Writer) Writer {
		colored := o.colored(w)
		if colored {
			w.Colors()
		}
		return textWriter{color: colored, verbose: o.Verbose, columns: w.Columns()}
	}
	return []format{
		{"text", true, same, text},
		{"short", true, same, plain(shortWriter{})},
		{"markdown", true, same, plain(markdownWriter{})},
		{"html", true, html, plain(htmlWriter{})},
		{"json", false, json, plain(jsonWriter{})},
		{"yaml", false, yaml, plain(yamlWriter{})},
		{"junit", true, same, plain(junitWriter{})},
		{"sarif", false, json, plain(sarifWriter{})},
	}
}

// Formats are the names of the formats of a report.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

func formatOf(name string) (format, error) {
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("unknown output format %q: use one of %s", name, strings.Join(Formats(), ", "))
}

func (f format) write(o Output, w *border.Writer, r Report) error {
	writer, out := f.writer(o, w), f.border(o, w)
	if err := writer.Write(out, r); err != nil {
		return err
	}
	return out.Flush()
}
