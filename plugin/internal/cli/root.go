// Package cli is the command line of the plugin: one file for each command, with
// its flags and its help.
package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// Main runs the command line and returns the exit code. The first signal cancels
// the work, so that what is known so far is still reported.
func Main(args []string, streams run.Streams) int {
	ctx, end := interruptible()
	defer end()
	defer border.Libraries(streams.Err)()
	return execute(ctx, args, streams)
}

// execute is Main without the process around it, for tests.
func execute(ctx context.Context, args []string, streams run.Streams) int {
	defer func() { _ = streams.Flush() }()
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := run.ExitCode(ctx, err)
	switch {
	case err == nil || errors.Is(err, run.ErrFindings):
	case code == run.ExitInterrupted:
		streams.Say("interrupted")
	default:
		streams.Say(err.Error())
	}
	return code
}

func newRoot(streams run.Streams) *cobra.Command {
	settings := run.NewSettings()
	root := &cobra.Command{
		Use:   "coder-ha",
		Short: "Pre-flight checks for highly available Coder deployments",
		Long: `coder-ha checks that a Coder deployment is highly available before it is installed.

Coder runs highly available when several replicas share one Postgres endpoint,
each with its own CODER_DERP_SERVER_RELAY_URL that the other replicas can dial,
behind one load-balanced CODER_ACCESS_URL. coderd hides most mistakes in these
settings; this plugin finds them.`,
		Example:       "  helm coder-ha validate ./charts/coder --values values.yaml\n  helm template coder ./charts/coder | helm coder-ha validate --manifest -",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(knownFlag)
	settings.AddFlags(root.PersistentFlags())
	color := addColor(root)
	addMemory(root)
	root.AddCommand(newValidate(streams, settings, color), newPostgres(streams, settings, color), newStatus(streams, settings, color), newInject(streams, settings), newRender(streams), newChecks(streams), newExplain(streams), newFacts(streams), newVersion(streams))
	return root
}

// knownCommand refuses a word that is no command, and names the nearest one.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("unknown command %q%s", args[0], nearest.Hint(args[0], names))
}

// knownFlag names the flag that is nearest to one that is not known.
func knownFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok || len(unknown.GetSpecifiedName()) < 2 {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	slices.Sort(names)
	name := strings.TrimLeft(unknown.GetSpecifiedName(), "-")
	if meant, ok := nearest.To(name, names); ok {
		return fmt.Errorf("unknown flag --%s: did you mean --%s?", name, meant)
	}
	return fmt.Errorf("unknown flag --%s", name)
}
