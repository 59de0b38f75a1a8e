package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/render"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const renderLong = `Write the configuration of highly available replicas where the chart is not used.

Each host gets its own relay URL and cluster host; everything else is the same on
all hosts. The plan comes from flags, from a document (-f), or from both: flags win.

  table       an overview for people, the default
  env         NAME.env for each host: /etc/coder.d/coder.env of Coder's package
  systemd     the same, and a drop-in for coder.service
  compose     NAME.compose.yaml for each host, on the host's network
  kubernetes  the env of coderd's container, to paste into a manifest
  cloud-init  NAME.cloud-init.yaml: the user data of each host

The checks of "helm coder-ha validate" judge what is rendered. What cannot work is
refused with the ids of the checks, and nothing is written.

The database URL is a secret. Without --postgres-url-file, the files refer to it:
environment files to /etc/coder.d/secrets.env, compose files to a variable, and
manifests to the Secret coder-db-url. With it, the URL is in the files, which only
their owner can read.

Files are written all or not at all. One that is there with another content is
replaced only with --force; --diff shows the difference instead of writing.

Exit codes: 0 rendered, 1 refused by a check, 2 the work could not be done.`

const renderExample = `  # the overview of three hosts
  helm coder-ha render --access-url https://coder.example.com --http-address 0.0.0.0:80 \
    --node coder-1=10.0.0.1 --node coder-2=10.0.0.2 --node coder-3=10.0.0.3

  # environment files and a drop-in for systemd, then the check of them
  helm coder-ha render -f nodes.yaml --format systemd --out ./hosts
  helm coder-ha validate --env-dir ./hosts --unit ./hosts/coder.service.d`

func newRender(streams run.Streams) *cobra.Command {
	var r run.Render
	cmd := &cobra.Command{
		Use:               "render",
		Short:             "Write the configuration of replicas without the chart",
		Long:              renderLong,
		Example:           renderExample,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return r.Do(cmd.Context(), streams) },
	}
	f := cmd.Flags()
	f.StringVarP(&r.Document, "file", "f", "", "document with the plan, - for standard input (docs/nodes.schema.json describes it)")
	f.StringVar(&r.AccessURL, "access-url", "", "CODER_ACCESS_URL: the address of the load balancer")
	f.StringVar(&r.Wildcard, "wildcard-access-url", "", "CODER_WILDCARD_ACCESS_URL, such as *.coder.example.com")
	f.StringVar(&r.HTTP, "http-address", "", "CODER_HTTP_ADDRESS of every host, such as 0.0.0.0:80")
	f.StringArrayVar(&r.Nodes, "node", nil, "a host and its address for the other hosts: NAME=ADDRESS (can be repeated)")
	f.StringVar(&r.CoderVersion, "coder-version", "", "version of Coder (default: the newest that is known)")
	f.StringVar(&r.PostgresURLFile, "postgres-url-file", "", "file with the database URL that not everyone can read; needs --out")
	addEnum(cmd, f, &r.Format, enum{name: "format", value: string(render.Table), allowed: render.Formats(), usage: "what to write"})
	f.StringVar(&r.Out, "out", "", "write files to this folder instead of standard output")
	f.BoolVar(&r.Force, "force", false, "replace files that have another content")
	f.BoolVar(&r.Diff, "diff", false, "show what would change in the folder of --out, and write nothing")
	return cmd
}
