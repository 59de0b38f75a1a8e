package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const checksLong = `List the checks, by area: the id, the severity, and what holds if the check passes.

A check is listed if each flag that you give names its area, its severity, or a
kind of evidence that it needs. The kinds are replicas, which a chart, manifests or
hosts describe; database-url; and postgres, an answer of the database.

"helm coder-ha explain ID" says why a check matters and what to do.`

const checksExample = `  helm coder-ha checks

  # what a database is asked for
  helm coder-ha checks --needs postgres

  # the ids of what fails a run by default, without the checks of Postgres
  helm coder-ha checks --severity error --needs replicas,database-url -o json | jq -r '.checks[].id'`

func newChecks(streams run.Streams) *cobra.Command {
	var selection checks.Selection
	var format string
	cmd := &cobra.Command{
		Use:               "checks",
		Short:             "List the checks",
		Long:              checksLong,
		Example:           checksExample,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			picked := selection.Of(checks.All())
			if len(picked) == 0 {
				return errors.New("no check has all of that: leave out --area, --severity or --needs")
			}
			if format == "json" {
				return report.ListJSON(streams.Out, picked)
			}
			return report.List(streams.Out, picked)
		},
	}
	f := cmd.Flags()
	addEnums(cmd, f, &selection.Areas, enum{name: "area", allowed: checks.Areas(), usage: "only checks of these areas"})
	addEnums(cmd, f, &selection.Severities, enum{name: "severity", allowed: []string{"error", "warning", "info"}, usage: "only checks of these severities"})
	addEnums(cmd, f, &selection.Needs, enum{name: "needs", allowed: checks.Needs(), usage: "only checks that need one of these kinds of evidence"})
	addEnum(cmd, f, &format, enum{name: "output", shorthand: "o", value: "text", allowed: []string{"text", "json"}, usage: "format of the list"})
	return cmd
}
