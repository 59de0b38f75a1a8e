package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

func newExplain(streams run.Streams) *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "explain [ID]...",
		Short: "Explain what a check verifies, why it matters and what to do",
		Long: `Explain what a check verifies, why it matters and what to do.

Without an ID, all checks are listed, one per line.`,
		Example:           "  helm coder-ha explain\n  helm coder-ha explain relay-url-equals-access-url",
		ValidArgsFunction: completeIDs,
		RunE: func(_ *cobra.Command, ids []string) error {
			switch {
			case markdown:
				return report.Manual(streams.Out, checks.All())
			case len(ids) == 0:
				return report.List(streams.Out, checks.All())
			}
			return explain(streams, ids)
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "write the page of all checks for the manual")
	return cmd
}

func explain(streams run.Streams, ids []string) error {
	all := checks.All()
	for i, id := range ids {
		at := slices.IndexFunc(all, func(c check.Check) bool { return c.ID == id })
		if at < 0 {
			return fmt.Errorf("unknown check %q%s", id, hintOrList(id))
		}
		if i > 0 {
			fmt.Fprintln(streams.Out)
		}
		if err := report.Explain(streams.Out, all[at]); err != nil {
			return err
		}
	}
	return nil
}

// hintOrList names the nearest check, or says how to list them.
func hintOrList(id string) string {
	if hint := nearest.Hint(id, run.IDs()); hint != "" {
		return hint
	}
	return ": `helm coder-ha explain` lists them all"
}
