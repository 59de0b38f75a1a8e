package chart

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/kube/fake"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// install is Helm's own action, as a dry run: alone as `helm template` has it,
// with a cluster as `helm install --dry-run=server`. Only what is rendered counts
// here, so the objects are not put before the API server: that would take more
// rights than lookups do, and would tell an upgrade from an install.
func (r *renderer) install(caps *chartutil.Capabilities) *action.Install {
	config := &action.Configuration{Capabilities: caps, Log: func(string, ...any) {}}
	install := action.NewInstall(config)
	install.ClientOnly, install.DryRun, install.DryRunOption = true, true, "client"
	if r.live != nil {
		install.ClientOnly, install.DryRunOption = false, "server"
		config.RESTClientGetter = r.live
		config.KubeClient = &fake.PrintingKubeClient{Out: io.Discard}
	}
	install.Replace = true
	install.ReleaseName = r.releaseName()
	install.Namespace = r.opts.Settings.Namespace()
	install.IsUpgrade = r.opts.IsUpgrade
	install.EnableDNS = r.opts.EnableDNS
	install.SkipSchemaValidation = r.opts.SkipSchemaValidation
	install.APIVersions = r.opts.APIVersions
	install.KubeVersion = &caps.KubeVersion
	return install
}

func (r *renderer) releaseName() string { return cmp.Or(r.opts.ReleaseName, DefaultReleaseName) }

// capabilities are those of the cluster, or those that the options say.
func (r *renderer) capabilities() (*chartutil.Capabilities, error) {
	if r.live != nil {
		return r.live.capabilities, nil
	}
	return defaultCapabilities(r.opts)
}

// defaultCapabilities are those of `helm template`.
func defaultCapabilities(opts Options) (*chartutil.Capabilities, error) {
	version := cmp.Or(opts.KubeVersion, DefaultKubeVersion())
	parsed, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("--kube-version %q is not a Kubernetes version: use a form like v1.34.0", version)
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *parsed
	caps.APIVersions = append(caps.APIVersions, opts.APIVersions...)
	return caps, nil
}

// DefaultKubeVersion is what a release of the helm command takes for the
// cluster's version: that of the client-go it was built with. The SDK alone
// would say v1.20.0.
func DefaultKubeVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if version := kubeVersion(dep.Version); dep.Path == "k8s.io/client-go" && version != "" {
				return version
			}
		}
	}
	return chartutil.DefaultCapabilities.KubeVersion.Version
}

// kubeVersion is the Kubernetes version of a version of client-go: v0.N.x
// stands for v1.N.0, as Helm's own build has it.
func kubeVersion(client string) string {
	minor, ok := strings.CutPrefix(client, "v0.")
	if !ok {
		return ""
	}
	minor, _, _ = strings.Cut(minor, ".")
	return "v1." + minor + ".0"
}

// renderAnyway renders as `helm lint` does, where fail and required let the
// template go on and every lookup finds nothing.
func (r *renderer) renderAnyway(loaded *chart.Chart, caps *chartutil.Capabilities) ([]manifest.Object, error) {
	if err := chartutil.ProcessDependenciesWithMerge(loaded, r.values); err != nil {
		return nil, fmt.Errorf("render chart %s: %w", loaded.Name(), err)
	}
	options := chartutil.ReleaseOptions{
		Name: r.releaseName(), Namespace: r.opts.Settings.Namespace(), Revision: 1,
		IsInstall: !r.opts.IsUpgrade, IsUpgrade: r.opts.IsUpgrade,
	}
	values, err := chartutil.ToRenderValuesWithSchemaValidation(loaded, r.values, options, caps, r.opts.SkipSchemaValidation)
	if err != nil {
		return nil, fmt.Errorf("render chart %s: %w", loaded.Name(), err)
	}
	files, err := quietly(func() (map[string]string, error) { return engine.Engine{LintMode: true}.Render(loaded, values) })
	if err != nil {
		return nil, fmt.Errorf("render chart %s: %w", loaded.Name(), err)
	}
	var found []manifest.Object
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") {
			continue
		}
		more, err := decode(files[name], name)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// quietly keeps the standard logger silent: the engine logs every refusal that
// it passes over, and this plugin reports them itself.
func quietly[T any](work func() (T, error)) (T, error) {
	guard.Doing("rendering the chart")
	out := log.Writer()
	log.SetOutput(io.Discard)
	defer log.SetOutput(out)
	var result T
	var err error
	guard.Strictly(func() { result, err = work() })
	return result, err
}
