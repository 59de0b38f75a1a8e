package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// judging is what the commands that judge have in common: what describes the
// replicas, which database to ask, and how to report.
type judging struct {
	request run.Request
	source  sourceFlags
	output  outputFlags
}

// command adds the common flags to a command, and lets it run the request.
func (j *judging) command(streams run.Streams, settings *run.Settings, color *string, cmd *cobra.Command) *cobra.Command {
	j.source.add(cmd, settings)
	j.output.add(cmd, color)
	f := cmd.Flags()
	addDatabase(f, &j.request.Database)
	limits := namesOf(func(f *pflag.FlagSet) { addPostgresLimits(f, &j.request.Judging.Limits.Postgres) })
	addPostgresLimits(f, &j.request.Judging.Limits.Postgres)
	addFacts(f, &j.request.Facts)
	addInCluster(f, &j.request.InCluster)
	j.request.Timeout = run.DefaultTimeout
	addTime(f, &j.request.Timeout, "timeout", "end the whole run after this time (default with --in-cluster: 5m)")
	cmd.Args = cobra.MaximumNArgs(2)
	cmd.ValidArgsFunction = completeChart
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if j.request.Facts.In != "" {
			if err := onlyJudging(cmd, args, limits); err != nil {
				return err
			}
		}
		if err := j.source.into(&j.request, args); err != nil {
			return err
		}
		if err := j.output.into(&j.request); err != nil {
			return err
		}
		if j.request.InCluster.On && !cmd.Flags().Changed("timeout") {
			j.request.Timeout = run.InClusterTimeout
		}
		return j.request.Do(cmd.Context(), streams)
	}
	return cmd
}

// namesOf are the names of the flags that something adds.
func namesOf(add func(*pflag.FlagSet)) map[string]bool {
	names := map[string]bool{}
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	add(f)
	f.VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
	return names
}
