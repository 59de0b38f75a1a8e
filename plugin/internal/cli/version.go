package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Version is the plugin's version, equal to that in plugin.yaml; the build sets
// it with -ldflags.
var Version = "0.0.0-dev"

func newVersion(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version of the plugin",
		Example: "  helm coder-ha version",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(streams.Out, "coder-ha %s (%s, %s/%s, helm SDK %s)\n",
				Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, moduleVersion("helm.sh/helm/v3"))
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
