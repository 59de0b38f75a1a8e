package chart

import (
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/release"

	"github.com/coder-ha/coder-ha/plugin/internal/manifest"
)

// Rendered is a chart with its values applied.
type Rendered struct {
	// Name and Version are the chart's.
	Name    string
	Version string
	// Namespace is the one of the release.
	Namespace string
	// Objects are all that the chart renders, hooks included.
	Objects []manifest.Object
	Notes   string
	// Refusal is the chart's own sentence, where its templates refuse these
	// values; Objects are then what it would have rendered, so that the checks
	// can still be made.
	Refusal string
	Origins Origins
}

// Render renders the chart. A chart that refuses the values is not an error:
// see Rendered.Refusal. Anything else that keeps it from rendering is.
func Render(ctx context.Context, opts Options) (*Rendered, error) {
	vals, origins, err := mergeValues(opts)
	if err != nil {
		return nil, err
	}
	loaded, err := load(opts)
	if err != nil {
		return nil, err
	}
	out := &Rendered{
		Name: loaded.Name(), Version: loaded.Metadata.Version,
		Namespace: opts.Settings.Namespace(), Origins: origins,
	}
	install, err := newInstall(opts)
	if err != nil {
		return nil, err
	}
	rel, err := install.RunWithContext(ctx, loaded, vals)
	if err == nil {
		out.Notes = rel.Info.Notes
		out.Objects, err = objects(rel)
		return out, err
	}
	refusal, refused := refusalOf(err)
	if !refused {
		return nil, schemaError(loaded.Name(), err, origins)
	}
	out.Refusal = refusal
	// Rendering has changed the chart, so it is read again.
	if loaded, err = load(opts); err != nil {
		return nil, err
	}
	out.Objects, err = renderAnyway(loaded, vals, install, opts)
	return out, err
}

func newInstall(opts Options) (*action.Install, error) {
	install := action.NewInstall(new(action.Configuration))
	install.ClientOnly, install.DryRun, install.DryRunOption = true, true, "true"
	install.Replace = true
	install.ReleaseName = opts.ReleaseName
	if install.ReleaseName == "" {
		install.ReleaseName = DefaultReleaseName
	}
	install.Namespace = opts.Settings.Namespace()
	install.IsUpgrade = opts.IsUpgrade
	install.EnableDNS = opts.EnableDNS
	install.SkipSchemaValidation = opts.SkipSchemaValidation
	install.APIVersions = opts.APIVersions
	version := opts.KubeVersion
	if version == "" {
		version = DefaultKubeVersion()
	}
	parsed, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fmt.Errorf("--kube-version %q is not a Kubernetes version: use a form like v1.34.0", version)
	}
	install.KubeVersion = parsed
	return install, nil
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

// objects reads what a release consists of, hooks included.
func objects(rel *release.Release) ([]manifest.Object, error) {
	found, err := decode(rel.Manifest, rel.Chart.Name())
	if err != nil {
		return nil, err
	}
	for _, hook := range rel.Hooks {
		more, err := decode(hook.Manifest, hook.Path)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func decode(text, file string) ([]manifest.Object, error) {
	found, err := manifest.Decode(strings.NewReader(text), file)
	if err != nil {
		return nil, fmt.Errorf("read the rendered chart: %w", err)
	}
	for i := range found {
		found[i].Rendered = true
		if found[i].Template != "" {
			found[i].File = found[i].Template
		}
	}
	return found, nil
}

// refusalPattern is how the engine reports a call of fail or required.
var refusalPattern = regexp.MustCompile(`(?s)execution error at \(([^)]+)\): (.*)$`)

// refusalOf takes the chart's own words out of an error of the engine.
func refusalOf(err error) (sentence string, refused bool) {
	m := refusalPattern.FindStringSubmatch(err.Error())
	if m == nil {
		return "", false
	}
	return strings.TrimSpace(m[2]), true
}

// renderAnyway renders as `helm lint` does, where fail and required let the
// template go on. A template that cannot go on is left out.
func renderAnyway(loaded *chart.Chart, vals map[string]any, install *action.Install, opts Options) ([]manifest.Object, error) {
	if err := chartutil.ProcessDependenciesWithMerge(loaded, vals); err != nil {
		return nil, fmt.Errorf("render chart %s: %w", loaded.Name(), err)
	}
	caps := chartutil.DefaultCapabilities.Copy()
	caps.KubeVersion = *install.KubeVersion
	caps.APIVersions = append(caps.APIVersions, install.APIVersions...)
	options := chartutil.ReleaseOptions{
		Name: install.ReleaseName, Namespace: install.Namespace, Revision: 1,
		IsInstall: !opts.IsUpgrade, IsUpgrade: opts.IsUpgrade,
	}
	values, err := chartutil.ToRenderValuesWithSchemaValidation(loaded, vals, options, caps, opts.SkipSchemaValidation)
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
	out := log.Writer()
	log.SetOutput(io.Discard)
	defer log.SetOutput(out)
	return work()
}
