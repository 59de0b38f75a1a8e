package chart

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
)

// notesFile is the template that is for people.
const notesFile = "NOTES.txt"

// installed is what Helm would put before the API server.
type installed struct {
	notes string
	// manifests is a stream of all but the hooks.
	manifests string
	hooks     []*release.Hook
}

// install renders as Helm's install action does in a dry run: alone as `helm template`
// has it, with a cluster as `helm install --dry-run=server`. Only what is rendered
// counts here, so the objects are not put before the API server: that would take more
// rights than lookups do, and would tell an upgrade from an install.
func (r *renderer) install(loaded *chart.Chart, caps *chartutil.Capabilities) (*installed, error) {
	if err := chartutil.ValidateReleaseName(r.releaseName()); err != nil {
		return nil, fmt.Errorf("release name %q: %w", r.releaseName(), err)
	}
	var by engine.Engine
	if r.live != nil {
		by = engine.New(r.live.config)
	}
	by.EnableDNS = r.opts.EnableDNS
	files, err := r.files(by, loaded, caps)
	if err != nil {
		return nil, err
	}
	out := &installed{notes: files[path.Join(loaded.Name(), "templates", notesFile)]}
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, notesFile) })
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	var stream strings.Builder
	for _, m := range manifests {
		fmt.Fprintf(&stream, "---\n# Source: %s\n%s\n", m.Name, m.Content)
	}
	out.hooks, out.manifests = hooks, stream.String()
	return out, nil
}

// files are the templates of a chart and of its parts, rendered.
func (r *renderer) files(by engine.Engine, loaded *chart.Chart, caps *chartutil.Capabilities) (map[string]string, error) {
	if err := chartutil.ProcessDependenciesWithMerge(loaded, r.values); err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{
		Name: r.releaseName(), Namespace: r.opts.Settings.Namespace(), Revision: 1,
		IsInstall: !r.opts.IsUpgrade, IsUpgrade: r.opts.IsUpgrade,
	}
	values, err := chartutil.ToRenderValuesWithSchemaValidation(loaded, r.values, options, caps, r.opts.SkipSchemaValidation)
	if err != nil {
		return nil, err
	}
	if wants, has := loaded.Metadata.KubeVersion, caps.KubeVersion.String(); wants != "" && !chartutil.IsCompatibleRange(wants, has) {
		return nil, fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wants, has)
	}
	return by.Render(loaded, values)
}

func (r *renderer) releaseName() string { return cmp.Or(r.opts.ReleaseName, DefaultReleaseName) }

// lacking are the parts that a chart names and does not have.
func lacking(loaded *chart.Chart) error {
	var names []string
	for _, wanted := range loaded.Metadata.Dependencies {
		if !slices.ContainsFunc(loaded.Dependencies(), func(part *chart.Chart) bool { return part.Name() == wanted.Name }) {
			names = append(names, wanted.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return errors.New("found in Chart.yaml, but missing in charts/ directory: " + strings.Join(names, ", "))
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
