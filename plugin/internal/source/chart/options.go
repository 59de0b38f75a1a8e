// Package chart renders a Helm chart in-process, equal to `helm template` or to
// `helm install --dry-run=server`, and remembers where each value came from.
package chart

import (
	"io"

	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// DefaultReleaseName is the one that `helm template` uses without a name.
const DefaultReleaseName = "release-name"

// Options say what to render; they are the flags of `helm template`.
type Options struct {
	// Chart is a directory, an archive, or a reference to a repository or
	// registry. Empty means the chart that this plugin carries.
	Chart       string
	ReleaseName string
	// Settings are Helm's own: namespace, repositories, registry.
	Settings *Settings
	Path     Path
	Values   values.Options
	// In is read where a values file is named "-".
	In io.Reader
	// Secrets take what no output may hold.
	Secrets *secrets.Known
	// DryRun says whether the templates ask the cluster of Settings. If so its
	// own version and APIs count, and KubeVersion and APIVersions do not.
	DryRun DryRun
	// KubeVersion is empty for the version that the helm command would use.
	KubeVersion          string
	APIVersions          []string
	IsUpgrade            bool
	Devel                bool
	EnableDNS            bool
	SkipSchemaValidation bool
}
