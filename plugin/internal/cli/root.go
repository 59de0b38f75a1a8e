// Package cli is the command line of the plugin: commands, flags, exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"helm.sh/helm/v3/pkg/cli"
)

// Streams are where a command reads and writes: the report goes to Out, all
// talk goes to Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Main runs the command line and returns the exit code. The first Ctrl-C or
// SIGTERM cancels the work, so that what is known so far is still reported; a
// second one ends the process at once.
func Main(args []string, streams Streams) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel(errInterrupted)
		<-signals
		os.Exit(ExitInterrupted)
	}()
	return run(ctx, args, streams)
}

// run is Main without the process around it, for tests.
func run(ctx context.Context, args []string, streams Streams) int {
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	switch {
	case err == nil || errors.Is(err, errFindings):
	case code == ExitInterrupted:
		fmt.Fprintln(streams.Err, "coder-ha: interrupted")
	default:
		fmt.Fprintf(streams.Err, "coder-ha: %v\n", err)
	}
	return code
}

func newRoot(streams Streams) *cobra.Command {
	settings := cli.New()
	root := &cobra.Command{
		Use:   "coder-ha",
		Short: "Pre-flight and live checks for highly available Coder deployments",
		Long: `coder-ha proves that a Coder deployment is highly available before it is installed.

Coder runs highly available when several replicas share one Postgres endpoint,
each with its own CODER_DERP_SERVER_RELAY_URL that the other replicas can dial,
behind one load-balanced CODER_ACCESS_URL. coderd hides most mistakes in these
settings; this plugin finds them.`,
		Example:       "  helm coder-ha validate ./charts/coder --values values.yaml\n  helm template coder ./charts/coder | helm coder-ha validate --manifest -",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	settings.AddFlags(root.PersistentFlags())
	g := &globals{}
	g.add(root)
	root.AddCommand(newValidate(streams, settings, g), newPostgres(streams, settings, g), newExplain(streams), newVersion(streams))
	return root
}
