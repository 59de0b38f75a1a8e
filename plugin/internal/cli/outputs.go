package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// addOutputs adds the flag that says where which format of the report goes.
func addOutputs(cmd *cobra.Command, into *report.Output) {
	cmd.Flags().VarP(&outputsValue{into}, "output", "o",
		"format of the report: "+words(report.Formats())+"; FORMAT=FILE writes it to a file, and the flag can be repeated (default text)")
	register(cmd, "output", completeOutput)
}

// outputsValue takes FORMAT once, and FORMAT=FILE any number of times.
type outputsValue struct{ into *report.Output }

// String is empty where nothing is asked: the help names the default itself.
func (o *outputsValue) String() string {
	if o.into == nil {
		return ""
	}
	return o.into.Format
}

// Set takes one output.
func (o *outputsValue) Set(text string) error {
	format, path, toFile := strings.Cut(text, "=")
	if !slices.Contains(report.Formats(), format) {
		return errors.New("use " + words(report.Formats()) + ", or FORMAT=FILE")
	}
	if !toFile {
		if o.into.Format != "" && o.into.Format != format {
			return fmt.Errorf("%s goes to standard output already: name a file, as in %s=FILE", o.into.Format, format)
		}
		o.into.Format = format
		return nil
	}
	if path == "" || path == "-" {
		return fmt.Errorf("name a file after the =, or use %s alone for standard output", format)
	}
	if slices.ContainsFunc(o.into.Files, func(f report.File) bool { return filepath.Clean(f.Path) == filepath.Clean(path) }) {
		return fmt.Errorf("%s takes another format already: name another file", path)
	}
	o.into.Files = append(o.into.Files, report.File{Format: format, Path: path})
	return nil
}

// Type is the word for the value in the help.
func (*outputsValue) Type() string { return "FORMAT[=FILE]" }

// completeOutput completes the format, and files behind it.
func completeOutput(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return report.Formats(), cobra.ShellCompDirectiveNoFileComp
}
