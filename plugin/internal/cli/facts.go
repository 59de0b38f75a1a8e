package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const factsLong = `Say what is in a facts file.

"helm coder-ha validate --facts-out FILE" and "helm coder-ha postgres --facts-out
FILE" save what they found out. "--facts FILE" judges it again, elsewhere or with
another version of this plugin, without the chart, the cluster or the database.
There is no secret in the file.`

const factsExample = `  helm coder-ha validate -f values.yaml --facts-out facts.json
  helm coder-ha facts facts.json
  helm coder-ha validate --facts facts.json --strict`

func newFacts(streams run.Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "facts FILE",
		Short:   "Say what is in a facts file",
		Long:    factsLong,
		Example: factsExample,
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return run.ShowFacts(cmd.Context(), args[0], streams)
		},
	}
}

// addFacts adds the flags that save evidence and judge it again.
func addFacts(f *pflag.FlagSet, files *run.FactsFiles) {
	f.StringVar(&files.Out, "facts-out", "", "save what was found out to this file, without secrets, for --facts")
	f.StringVar(&files.In, "facts", "", "judge what --facts-out saved in this file, - for standard input, and gather nothing")
}

// judgingFlags are those that count with --facts too.
var judgingFlags = map[string]bool{
	"facts": true, "output": true, "fail-on": true, "verbose": true, "strict": true, "skip": true, "timeout": true,
	"coder-version": true, "replicas": true, "certificate-warning": true, "relay-latency-warning": true, "relay-latency-error": true,
}

// onlyJudging refuses flags and arguments that would gather, beside --facts.
func onlyJudging(cmd *cobra.Command, args []string, limits map[string]bool) error {
	if len(args) > 0 {
		return fmt.Errorf("--facts has the replicas already: leave out %q", args[0])
	}
	var other string
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !judgingFlags[f.Name] && !limits[f.Name] && other == "" {
			other = f.Name
		}
	})
	if other != "" {
		return fmt.Errorf("--facts has what --%s would gather: leave one out", other)
	}
	return nil
}
