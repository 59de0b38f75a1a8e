package cli

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const statusLong = `Show how a Coder deployment runs, and check it.

NAME is the release, or the workload where Helm did not install it. Without it, the
one workload of the namespace that runs coderd is taken.

Each pod is shown with its row in Coder's table replicas. Below stands what is
behind the Services and what is wrong; --verbose shows every check. All checks of
"validate" judge what is really there, and those of a running deployment judge the
pods. A pod that drains is not a finding.

--watch looks every few seconds. --wait ends when each replica is ready in its newest
form, none drains, and they find each other; for what coderd says of its own health it
waits for another minute at most. It is for CI after "helm upgrade". Its
report and exit code are those of the last look, or 124 when --timeout ends it. For
what stays wrong, such as a setting or a license, it does not wait.

The sources are read as far as they can be, and what is missing is not verified:
the cluster of the kubeconfig, with the rights that docs/rbac.yaml lists, and the
database, whose URL comes from --postgres-url-file, CODER_PG_CONNECTION_URL in the
environment, or the Secret of the deployment. With --in-cluster, one pod beside the
replicas asks the database for some seconds, with the URL in its environment; with
--wait, not before each replica is ready. Without it nothing is written to the cluster,
and nothing ever to the database.

Exit codes: 0 no findings of at least --fail-on, 1 findings, 2 the work could not
be done, 124 timed out, 130 interrupted.`

const statusExample = `  # the deployment in namespace coder
  helm coder-ha status -n coder

  # a release by name, with every check
  helm coder-ha status coder -n coder --verbose

  # with a database that only a tunnel reaches
  kubectl -n db port-forward svc/postgres 5432 &
  helm coder-ha status coder -n coder --postgres-url-file ./url

  # with a database that only the cluster reaches
  helm coder-ha status coder -n coder --in-cluster

  # while something is done to it
  helm coder-ha status coder -n coder --watch

  # in CI, after an upgrade
  helm upgrade coder ./charts/coder -n coder -f values.yaml
  helm coder-ha status coder -n coder --wait --timeout 10m

  # the pods and their rows for a program
  helm coder-ha status coder -n coder -o json | jq .running.pods`

// waitTimeout is how long --wait waits without --timeout: an update of some replicas,
// each of which drains and then migrates, takes minutes.
const waitTimeout = 10 * time.Minute

func newStatus(streams run.Streams, settings *run.Settings, color *string) *cobra.Command {
	request := run.Request{Judging: run.Judging{Settings: check.DefaultSettings()}, Timeout: run.DefaultTimeout}
	request.Source.Chart.Settings = settings
	request.Source.Live = &run.Live{}
	var output outputFlags
	cmd := &cobra.Command{
		Use:     "status [NAME]",
		Short:   "Show how a Coder deployment runs, and check it",
		Long:    statusLong,
		Example: statusExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("status takes one NAME, of the release or the workload")
			}
			return nil
		},
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		request.Source.Secrets = streams.Secrets
		return request.Source.ReleaseNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
	}
	output.add(cmd, color)
	f := cmd.Flags()
	f.StringArrayVar(&request.Source.Workloads, "workload", nil, "workload that runs coderd: KIND/NAME or NAME (can be repeated; detected if unique)")
	f.StringVar(&request.Source.CoderVersion, "coder-version", "", "version of Coder, if the image tag does not say")
	addDatabase(f, &request.Database)
	limits := &request.Judging.Limits
	addPostgresLimits(f, &limits.Postgres)
	addTime(f, &limits.CertificateWarning, "certificate-warning", "warn about certificates that expire within this time")
	addTime(f, &limits.LicenseWarning, "license-warning", "warn about a license that ends within this time")
	addBeside(f, &request.InCluster)
	f.StringVar(&request.Facts.Out, "facts-out", "", "save what was found out in this file, without secrets")
	addTime(f, &request.Timeout, "timeout", "end the run, or with --watch each look, after this time (default with --in-cluster: 5m, with --wait: 10m)")
	f.BoolVar(&request.Repeat.Watch, "watch", false, "look again and again: on a terminal the screen is drawn anew, elsewhere each report follows the one before")
	f.BoolVar(&request.Repeat.Wait, "wait", false, "wait until each replica is ready in its newest form and healthy, then write the report")
	request.Repeat.Interval = run.DefaultInterval
	addTime(f, &request.Repeat.Interval, "interval", "time between two looks of --watch and --wait")
	var ipFamily string
	addEnum(cmd, f, &ipFamily, enum{name: "pod-ip-family", allowed: []string{"ipv4", "ipv6"}, usage: "IP family of status.podIP, if the pods cannot be read"})
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			request.Source.Live.Name = args[0]
		}
		request.Source.PodIPFamily = ipFamilies[ipFamily]
		switch {
		case cmd.Flags().Changed("timeout"):
		case request.Repeat.Wait:
			request.Timeout = waitTimeout
		case request.InCluster.On:
			request.Timeout = run.InClusterTimeout
		}
		if err := output.into(&request); err != nil {
			return err
		}
		return request.Do(cmd.Context(), streams)
	}
	return cmd
}
