package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const validateLong = `Check a Coder deployment before it is installed.

The replicas are read from a chart, rendered as "helm template" renders it, or
from manifests that something else rendered. CHART is a directory, an archive, or
a reference to a repository or registry; without one, the chart that comes with
this plugin is used. The flags of "helm template" for values, the release and the
cluster work here too. For others, such as a post-renderer, pipe the output of
"helm template" into --manifest -.

With --dry-run=server the chart is rendered as "helm install --dry-run=server"
does it: lookups ask the cluster, and its version and APIs count. A lookup that
you are not allowed to make is named and finds nothing; what depends on it is not
verified. What a template makes of a Secret is never shown.

Hosts without Kubernetes are read from the environment files of systemd, with the
rules of systemd, or from a table. --env-file takes NAME=FILE, where NAME is the
name of the host. Give the unit and its drop-ins with --unit, so that what they set
is judged too. With --probe, the hosts are asked from this machine, which is best one
of them: each relay URL, port 6222 where pubsub uses it, and the access URL. Without it
nothing is sent to them.

With --in-cluster, a pod takes the place of each replica for some seconds, as the
replica will be: with its labels, node selection, security context, Secrets and
sidecars. From there the relays and port 6222 of the others are asked, the database
with the URL in the pod, and the access URL. The pods are never ready, so nothing is
sent to them, and they are removed at the end; the cluster removes them by itself if
this command cannot. This is the only option that writes to a cluster.

The database is asked for real. Its URL comes from the first of:
--postgres-url and --postgres-url-file, CODER_PG_CONNECTION_URL in the
environment, the manifests, and the Secret that they refer to, if a kubeconfig
reaches the cluster. Nothing is written to the database, and nothing is sent
anywhere else.

To leave out checks, use --skip, a list under the key skip in a .coder-ha.yaml
beside the values file or manifest, or the annotation coder-ha.io/ignore: "ID, ID"
on the workload. The report lists what was left out. An entry of the list is an ID,
or {id: ID, until: 2027-01-31} with the last day on which it counts.

--facts-out saves what was found out, without secrets. --facts judges it again,
elsewhere or with another version of this plugin, and gathers nothing.

Exit codes: 0 no findings of at least --fail-on, 1 findings, 2 the work could not
be done, 124 timed out, 130 interrupted.`

const validateExample = `  # the chart that comes with this plugin, with your values
  helm coder-ha validate -f values.yaml

  # any chart, with the release name and namespace of the planned install
  helm coder-ha validate coder ./charts/coder -n coder -f values.yaml --set coder.replicaCount=3

  # with the lookups and APIs of the cluster
  helm coder-ha validate coder ./charts/coder -n coder -f values.yaml --dry-run=server

  # manifests that something else rendered
  kustomize build . | helm coder-ha validate --manifest -

  # hosts without Kubernetes: coder-1.env, coder-2.env and so on
  helm coder-ha validate --env-dir ./hosts --unit coder.service --coder-version 2.37
  helm coder-ha validate --env-file coder-1=a.env --env-file coder-2=b.env

  # on one of the hosts: do the replicas answer?
  helm coder-ha validate --env-dir ./hosts --coder-version 2.37 --probe

  # from where the replicas will run: the database, and the replicas from each other
  helm coder-ha validate coder ./charts/coder -n coder -f values.yaml --in-cluster

  # check the database too, without its URL in the process list
  CODER_PG_CONNECTION_URL="$(cat url)" helm coder-ha validate -f values.yaml

  # in CI
  helm coder-ha validate -f values.yaml --strict --fail-on warning -o text -o json=report.json -o sarif=report.sarif`

func newValidate(streams run.Streams, settings *run.Settings, color *string) *cobra.Command {
	j := judging{request: run.Request{Judging: run.Judging{Settings: check.DefaultSettings()}}}
	cmd := j.command(streams, settings, color, &cobra.Command{
		Use:     "validate [NAME] [CHART]",
		Short:   "Check a Coder deployment before it is installed",
		Long:    validateLong,
		Example: validateExample,
	})
	limits := &j.request.Judging.Limits
	cmd.Flags().BoolVar(&j.request.Probe, "probe", false, "ask hosts that run, from this machine: relay URLs, port 6222 and the access URL")
	addTime(cmd.Flags(), &limits.RelayLatencyWarning, "relay-latency-warning", "warn if the median round trip between two replicas takes longer than this")
	addTime(cmd.Flags(), &limits.RelayLatencyError, "relay-latency-error", "fail if the median round trip between two replicas takes longer than this")
	addTime(cmd.Flags(), &limits.CertificateWarning, "certificate-warning", "warn about certificates that expire within this time")
	return cmd
}
