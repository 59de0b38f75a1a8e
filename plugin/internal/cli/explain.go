package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

func newExplain(streams Streams) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "explain [ID]...",
		Short: "Say what a check proves, why it matters and what to do",
		Long: `Say what a check proves, why it matters and what to do.

Without an ID all checks are listed, one on a line.`,
		Example: "  helm coder-ha explain\n  helm coder-ha explain relay-url-equals-access-url",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return completeIDs(nil, nil, "")
		},
		RunE: func(_ *cobra.Command, ids []string) error {
			switch {
			case markdown:
				return writePage(streams.Out)
			case len(ids) == 0:
				return listChecks(streams.Out)
			}
			return explain(streams.Out, ids)
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "write the manual's page of all checks")
	return cmd
}

func listChecks(w io.Writer) error {
	area := ""
	for _, c := range checks.All() {
		if c.Area.ID != area {
			area = c.Area.ID
			if _, err := fmt.Fprintf(w, "%s\n", c.Area.Title); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "  %-32s %-8s %s\n", c.ID, c.Severity, c.Title); err != nil {
			return err
		}
	}
	return nil
}

func explain(w io.Writer, ids []string) error {
	for i, id := range ids {
		c, ok := find(id)
		if !ok {
			return fmt.Errorf("there is no check %q: `helm coder-ha explain` lists them all", id)
		}
		if i > 0 {
			fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintf(w, "%s (%s, %s)\n  proves  %s\n  why     %s\n  remedy  %s\n  reads   %s\n  see     %s\n", c.ID, c.Area.ID, c.Severity,
			c.Title, c.Why, strings.ReplaceAll(c.Remedy, "\n", "\n          "), reads(c), report.DocsURL(c.ID)); err != nil {
			return err
		}
	}
	return nil
}

func find(id string) (check.Check, bool) {
	for _, c := range checks.All() {
		if c.ID == id {
			return c, true
		}
	}
	return check.Check{}, false
}

func reads(c check.Check) string {
	var words []string
	for _, r := range slices.Concat(c.Needs, c.Uses) {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

// writePage writes docs/checks.md.
func writePage(w io.Writer) error {
	var page strings.Builder
	page.WriteString("# The checks\n\n" +
		"Every check that `helm coder-ha` makes, by id. An id never changes its meaning: it stands in `--skip` and in your CI.\n" +
		"This page is generated; `helm coder-ha explain ID` prints an entry of it.\n\n" +
		"A check has **passed**, **failed** or is **skipped**; a skip says why, and what would prove it. Nothing unproven is called passed.\n" +
		"Severity: `error` breaks high availability or the install, `warning` will hurt, `info` is advice.\n")
	area := check.Area{}
	for _, c := range checks.All() {
		if c.Area != area {
			area = c.Area
			fmt.Fprintf(&page, "\n## %s\n", area.Title)
		}
		remedy := c.Remedy
		if first, rest, several := strings.Cut(remedy, "\n"); several {
			remedy = first + "\n```yaml\n" + rest + "\n```"
		}
		fmt.Fprintf(&page, "\n### %s\n\n**%s**: %s. Reads: %s.\n\n%s\n\nWhat to do: %s\n", c.ID, c.Severity, c.Title, reads(c), c.Why, remedy)
	}
	_, err := io.WriteString(w, page.String())
	return err
}
