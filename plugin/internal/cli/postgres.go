package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const postgresLong = `Check the database as Coder's replicas will use it.

The URL comes from the first of: --postgres-url and --postgres-url-file,
CODER_PG_CONNECTION_URL in the environment, and the chart or manifests, or the
Secret that they refer to, if a kubeconfig reaches the cluster. Several URLs, one
for each node, are asked side by side and compared. With a chart or manifests, the
number of replicas, their connection pools and the version of Coder are read from
there.

The probe opens at most two connections to a database and writes nothing; the
LISTEN with which it tries pubsub is taken back. The latency is measured from this
machine, or with --in-cluster from a pod in the place of each replica.

Exit codes: 0 no findings of at least --fail-on, 1 findings, 2 the work could not
be done, 124 timed out, 130 interrupted.`

const postgresExample = `  # the URL from a file that only you can read
  helm coder-ha postgres --postgres-url-file ./url --replicas 3

  # the URL from the environment
  CODER_PG_CONNECTION_URL="$(kubectl -n coder get secret coder-db-url -o jsonpath='{.data.url}' | base64 -d)" \
    helm coder-ha postgres --replicas 5 --coder-version 2.35

  # the URL of a release, from its manifests and their Secret in the cluster
  helm get manifest coder -n coder | helm coder-ha postgres -n coder --manifest -

  # a database that only the cluster reaches
  helm coder-ha postgres coder ./charts/coder -n coder -f values.yaml --in-cluster

  # in CI
  helm coder-ha postgres --postgres-url-file ./url -o json > postgres.json`

// plannedReplicas is how many replicas are assumed where nothing says it: the
// fewest that Coder advises for availability.
const plannedReplicas = 3

// mostReplicas is far beyond what one database could serve.
const mostReplicas = 1000

func newPostgres(streams run.Streams, settings *run.Settings, color *string) *cobra.Command {
	j := judging{request: run.Request{DatabaseOnly: true, Judging: run.Judging{Settings: check.DefaultSettings()}}}
	cmd := j.command(streams, settings, color, &cobra.Command{
		Use:     "postgres [NAME] [CHART]",
		Short:   "Check the database as Coder's replicas will use it",
		Long:    postgresLong,
		Example: postgresExample,
	})
	addEnum(cmd, cmd.Flags(), &j.request.Database.Auth, enum{
		name: "postgres-auth", allowed: []string{pgfacts.AuthPassword, pgfacts.AuthAWSIAM}, usage: "value of CODER_PG_AUTH, by default that of the manifests",
	})
	replicas := &j.request.Judging.Plan.Replicas
	*replicas = plannedReplicas
	addNumber(cmd.Flags(), replicas, "replicas", 1, mostReplicas, "number of replicas, including those of a rolling update, if no chart or manifest says")
	return cmd
}
