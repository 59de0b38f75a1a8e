package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

const postgresLong = `Ask the database what Coder's replicas will meet on it.

The URL comes from the first of: --postgres-url and --postgres-url-file,
CODER_PG_CONNECTION_URL in the environment, and the chart or manifests, or the
Secret that they refer to, where a kubeconfig reaches the cluster. Several URLs,
one for each node, are asked side by side and compared. With a chart or manifests
the number of replicas, their pools and Coder's version are taken from there.

The probe opens at most two connections to a database, writes nothing, and takes
back the LISTEN with which it tries pubsub. Run it from where the replicas will
run: the latency is that of the machine it runs on.

Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 the work
could not be done, 124 timed out, 130 interrupted.`

const postgresExample = `  # the URL from a file that only you can read
  helm coder-ha postgres --postgres-url-file ./url --replicas 3

  # the URL from the environment
  CODER_PG_CONNECTION_URL="$(kubectl -n coder get secret coder-db-url -o jsonpath='{.data.url}' | base64 -d)" \
    helm coder-ha postgres --replicas 5 --coder-version 2.35

  # the URL that a release has, from its manifests and their Secret in the cluster
  helm get manifest coder -n coder | helm coder-ha postgres -n coder --manifest -

  # in CI
  helm coder-ha postgres --postgres-url-file ./url -o json > postgres.json`

// postgresCommand is the state of one run of the command.
type postgresCommand struct {
	streams  Streams
	settings *helmcli.EnvSettings
	source   sourceFlags
	output   outputFlags
	database postgresFlags
	auth     string
	settle   check.Settings
	timeout  time.Duration
}

func newPostgres(streams Streams, settings *helmcli.EnvSettings, g *globals) *cobra.Command {
	p := &postgresCommand{streams: streams, settings: settings, settle: check.DefaultSettings()}
	cmd := &cobra.Command{
		Use:               "postgres [NAME] [CHART]",
		Short:             "Ask the database what Coder's replicas will meet on it",
		Long:              postgresLong,
		Example:           postgresExample,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: completeChart,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	p.source.add(cmd)
	p.output.add(cmd, g)
	p.database.add(f)
	f.StringVar(&p.auth, "postgres-auth", "", "what CODER_PG_AUTH is: password or awsiamrds (default password, or what the manifests say)")
	f.IntVar(&p.settle.Plan.Replicas, "replicas", 3, "how many replicas there will be, with those of a rolling update, where no chart or manifest tells it")
	f.DurationVar(&p.timeout, "timeout", defaultTimeout, "end the whole run after this time")
	addPostgresLimits(f, &p.settle.Limits.Postgres)
	register(cmd, "postgres-auth", cobra.FixedCompletions([]string{pgfacts.AuthPassword, pgfacts.AuthAWSIAM}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p *postgresCommand) run(parent context.Context, args []string) error {
	if err := p.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(parent, p.timeout, timeoutError(p.timeout))
	defer cancel()
	p.settle.Plan.Version = coder.ParseVersion(p.source.version)
	found := &check.Case{Facts: &facts.Facts{Now: time.Now()}, Settings: p.settle}
	if p.source.named(args) {
		read, err := within(ctx, func() (*deployment.Deployment, error) {
			return p.source.read(ctx, args, p.settings, p.streams)
		})
		if err != nil {
			return err
		}
		found.Deployment = read
	} else {
		found.Lacks(facts.Replicas, facts.Gap{Reason: "only the database was asked"})
	}
	if err := p.database.gather(ctx, found, p.settings, p.streams, p.auth); err != nil {
		return err
	}
	if p.output.format == "text" {
		for _, f := range found.Postgres {
			writePostgresPage(p.streams.Out, f.Facts)
		}
	}
	return judge(ctx, p.streams, p.output, found, p.source.files())
}

// check reads the flags that need it, before any work is done.
func (p *postgresCommand) check() error {
	if p.auth != "" && p.auth != pgfacts.AuthPassword && p.auth != pgfacts.AuthAWSIAM {
		return fmt.Errorf("--postgres-auth %q: use %s or %s", p.auth, pgfacts.AuthPassword, pgfacts.AuthAWSIAM)
	}
	if p.settle.Plan.Replicas < 1 {
		return fmt.Errorf("--replicas %d: use 1 or more", p.settle.Plan.Replicas)
	}
	if err := positive(p.timeout); err != nil {
		return err
	}
	return p.output.check()
}
