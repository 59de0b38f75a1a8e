package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

const validateLong = `Prove a Coder deployment before it is installed.

The replicas are read from a chart, rendered as "helm template" renders it, or
from manifests that something else rendered. CHART is a directory, an archive,
a repository or registry reference; without one the chart that comes with this
plugin is used. The flags of "helm template" for values, the release and the
cluster work here too; with others, such as a post-renderer, pipe its output into
--manifest -.

With --dry-run=server the chart is rendered as "helm install --dry-run=server"
does it: its lookups ask the cluster, whose version and APIs count. A lookup that
the user may not make is named and finds nothing; what depends on it is not
proved, and the rest goes on. What a template makes of a Secret is not shown.

Postgres is asked for real. Its URL comes from the first of: --postgres-url and
--postgres-url-file, CODER_PG_CONNECTION_URL in the environment, the manifests,
and the Secret that they refer to, where a kubeconfig reaches the cluster.
Nothing is written to the database, and nothing is sent anywhere else.

Checks are left out by --skip, by a list under the key skip in a .coder-ha.yaml
beside the values file or manifest, and by the annotation
coder-ha.io/ignore: "ID, ID" on the workload. What is left out is listed.

Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 the work
could not be done, 124 timed out, 130 interrupted.`

const validateExample = `  # the chart of this plugin, with your values
  helm coder-ha validate -f values.yaml

  # any chart, by the release name and namespace of the install to come
  helm coder-ha validate coder ./charts/coder -n coder -f values.yaml --set coder.replicaCount=3

  # with what the chart looks up in the cluster, and the cluster's APIs
  helm coder-ha validate coder ./charts/coder -n coder -f values.yaml --dry-run=server

  # what something else rendered
  kustomize build . | helm coder-ha validate --manifest -

  # ask the database too, without its URL in the process list
  CODER_PG_CONNECTION_URL="$(cat url)" helm coder-ha validate -f values.yaml

  # in CI
  helm coder-ha validate -f values.yaml -o json --strict --fail-on warning > report.json`

// validate is the state of one run of the command.
type validate struct {
	streams  Streams
	settings *helmcli.EnvSettings
	source   sourceFlags
	output   outputFlags
	postgres postgresFlags
	settle   check.Settings
	timeout  time.Duration
}

func newValidate(streams Streams, settings *helmcli.EnvSettings, g *globals) *cobra.Command {
	v := &validate{streams: streams, settings: settings, settle: check.DefaultSettings()}
	cmd := &cobra.Command{
		Use:               "validate [NAME] [CHART]",
		Short:             "Prove a Coder deployment before it is installed",
		Long:              validateLong,
		Example:           validateExample,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: completeChart,
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.run(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	v.source.add(cmd)
	v.output.add(cmd, g)
	v.postgres.add(flags)
	flags.DurationVar(&v.settle.Limits.CertificateWarning, "certificate-warning", v.settle.Limits.CertificateWarning, "warn of certificates that end within this time")
	addPostgresLimits(flags, &v.settle.Limits.Postgres)
	flags.DurationVar(&v.timeout, "timeout", defaultTimeout, "end the whole run after this time")
	return cmd
}

// defaultTimeout bounds a run whose servers do not answer; one that goes well
// takes a second or two.
const defaultTimeout = time.Minute

func (v *validate) run(parent context.Context, args []string) error {
	if err := v.output.check(); err != nil {
		return err
	}
	if err := positive(v.timeout); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(parent, v.timeout, timeoutError(v.timeout))
	defer cancel()
	read, err := within(ctx, func() (*deployment.Deployment, error) {
		return v.source.read(ctx, args, v.settings, v.streams)
	})
	if err != nil {
		return err
	}
	found := &check.Case{Facts: &facts.Facts{Now: time.Now(), Deployment: read}, Settings: v.settle}
	if err := v.postgres.gather(ctx, found, v.settings, v.streams, ""); err != nil {
		return err
	}
	err = judge(ctx, v.streams, v.output, found, v.source.files())
	if err == nil && read.Refusal != "" {
		// No check knows the reason, and yet the install would not begin.
		return refusalError(read.Refusal)
	}
	return err
}

// positive refuses a --timeout that would end the run before it begins.
func positive(timeout time.Duration) error {
	if timeout <= 0 {
		return fmt.Errorf("--timeout %s: use a time above 0, such as 30s", timeout)
	}
	return nil
}

// within does work that takes no notice of its context, such as reading standard
// input or downloading a chart, and leaves it behind when the context ends.
func within[T any](ctx context.Context, work func() (T, error)) (result T, err error) {
	done := make(chan struct{})
	var got T
	var failed error
	go func() {
		defer close(done)
		got, failed = work()
	}()
	select {
	case <-done:
		return got, failed
	case <-ctx.Done():
		return result, context.Cause(ctx)
	}
}
