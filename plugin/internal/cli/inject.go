package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

const injectLong = `Write what high availability needs into manifests of any origin.

coderd's container is found by the rules of "validate", in Deployments,
StatefulSets, DaemonSets, Pods and Argo Rollouts, in lists and streams of several
documents. Its env gets what it lacks, in the order that Kubernetes needs:

  KUBE_POD_IP                  the pod's own address
  CODER_DERP_SERVER_RELAY_URL  http://$(KUBE_POD_IP):PORT, with the port, and where
                               it must be the scheme, that coderd listens on
  CODER_CLUSTER_HOST           the pod's own address

Every other byte stays as it is: comments, order, quotes, line breaks. A second run
changes nothing.

A relay URL or cluster host of your own is left alone if it is right. If it is
wrong, the check that it fails is named, nothing is written, and the exit code is
1; with --force it is replaced. What cannot be told from the manifests, such as a
port that a Secret sets, is named too, and nothing is guessed.

Without -f it is a filter, and so a post-renderer: see the examples. It also takes
and gives the ResourceList of a Kustomize function, whose exec path is the program
postrenderer/post-renderer of this plugin. Helm 4 does not show what a post-renderer
says: if it stops, run inject by itself.

Exit codes: 0 done, 1 something is wrong or, with --check, would change, 2 the work
could not be done, 130 interrupted.`

const injectExample = `  # a filter
  helm template coder coder-v2/coder | helm coder-ha inject | kubectl apply -f -

  # files, in place
  helm coder-ha inject -f deploy/ -i

  # in CI: exit 1 and a diff if something is missing
  helm coder-ha inject -f deploy/coder.yaml --check

  # a post-renderer of Helm 3
  helm upgrade coder coder-v2/coder --post-renderer helm --post-renderer-args coder-ha --post-renderer-args inject

  # a post-renderer of Helm 4, once the plugin of that name is installed
  helm upgrade coder coder-v2/coder --post-renderer coder-ha-inject`

func newInject(streams run.Streams, settings *run.Settings) *cobra.Command {
	r := run.Inject{Settings: settings}
	cmd := &cobra.Command{
		Use:     "inject [-f FILE|DIR|-]",
		Short:   "Write the relay URL and cluster host of each replica into manifests",
		Long:    injectLong,
		Example: injectExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return r.Do(cmd.Context(), streams) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&r.Files, "filename", "f", []string{"-"}, "file or folder with manifests, - for standard input (can be repeated)")
	f.StringArrayVar(&r.Workloads, "workload", nil, "workload that runs coderd: KIND/NAME or NAME (can be repeated; detected if unique)")
	f.StringVar(&r.CoderVersion, "coder-version", "", "version of Coder, if the image tag does not say")
	f.BoolVar(&r.Force, "force", false, "replace a relay URL or cluster host that is wrong")
	f.BoolVar(&r.Check, "check", false, "write no manifests: print a diff and exit 1 if something would change")
	f.BoolVar(&r.Diff, "diff", false, "write no manifests: print a diff")
	f.BoolVarP(&r.InPlace, "in-place", "i", false, "write into the files that were read")
	f.StringVar(&r.Out, "out", "", "write to this file or, for several files, folder")
	cmd.MarkFlagsMutuallyExclusive("check", "diff", "in-place", "out")
	var family string
	addEnum(cmd, f, &family, enum{name: "pod-ip-family", allowed: []string{"ipv4", "ipv6"}, usage: "IP family of the pods, if the manifests do not say"})
	cmd.PreRun = func(*cobra.Command, []string) { r.PodIPFamily = ipFamilies[family] }
	return cmd
}
