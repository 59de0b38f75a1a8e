package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
	"github.com/coder-ha/coder-ha/plugin/internal/version"
)

func newVersion(streams run.Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the plugin",
		Example: "  helm coder-ha version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(streams.Out, "coder-ha %s (%s, %s/%s, helm SDK %s)\n",
				version.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, moduleVersion("helm.sh/helm/v3"))
			return err
		},
	}
}

// moduleVersion is the version of a module that is linked in, or "unknown".
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return dep.Version
		}
	}
	return "unknown"
}
