package chart

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
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
	// Stray are keys of the user's values that are probably meant for others.
	Stray []deployment.StrayKey
	// Refusal is the chart's own sentence, where its templates refuse these
	// values; Objects are then what it would have rendered, so that the checks
	// can still be made.
	Refusal string
	Origins Origins
	// Budgets are the PodDisruptionBudgets of the cluster that the templates looked
	// up and that stay beside the objects.
	Budgets []manifest.Object
	// Lookups is what the templates asked the cluster for.
	Lookups deployment.Lookups
	// FromSecrets is what in the objects was made of Secrets that the templates
	// looked up: it must not be shown.
	FromSecrets manifest.Differences
	// Open is what in the objects would be otherwise if the lookups that were
	// not answered had found something.
	Open manifest.Differences
}

// Render renders the chart. A chart that refuses the values is not an error:
// see Rendered.Refusal. Anything else that keeps it from rendering is.
func Render(ctx context.Context, opts Options) (*Rendered, error) {
	vals, origins, err := mergeValues(ctx, opts)
	if err != nil {
		return nil, err
	}
	r := &renderer{opts: opts, values: vals, origins: origins}
	if opts.DryRun == DryRunServer {
		if r.live, err = connect(ctx, opts); err != nil {
			return nil, err
		}
	}
	out, err := r.render()
	if err != nil {
		return nil, r.failure(ctx, err)
	}
	if r.live != nil {
		r.depend(out)
		out.Budgets, err = r.live.lookups.budgets(r.releaseName())
	}
	return out, err
}

// renderer renders one chart with one set of values, any number of times.
type renderer struct {
	opts    Options
	values  map[string]any
	origins Origins
	// live is nil where no cluster is asked.
	live *live
}

func (r *renderer) render() (*Rendered, error) {
	// Rendering changes the chart, so it is read each time.
	loaded, err := load(r.opts)
	if err != nil {
		return nil, err
	}
	out := &Rendered{
		Name: loaded.Name(), Version: loaded.Metadata.Version,
		Namespace: r.opts.Settings.Namespace(), Origins: r.origins,
	}
	out.Stray = strayKeys(loaded, r.values, r.origins)
	caps, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	done, err := quietly(func() (*installed, error) { return r.install(loaded, caps) })
	if err == nil {
		out.Notes = done.notes
		out.Objects, err = done.objects(loaded.Name())
		return out, err
	}
	refusal, refused := refusalOf(err)
	if !refused {
		return nil, schemaError(loaded.Name(), err, r.origins)
	}
	out.Refusal = refusal
	if loaded, err = load(r.opts); err != nil {
		return nil, err
	}
	out.Objects, err = r.renderAnyway(loaded, caps)
	return out, err
}

// objects reads what is installed, hooks included.
func (i *installed) objects(chart string) ([]manifest.Object, error) {
	found, err := decode(i.manifests, chart)
	if err != nil {
		return nil, err
	}
	for _, hook := range i.hooks {
		more, err := decode(hook.Manifest, hook.Path)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// renderAnyway renders as `helm lint` does, where fail and required let the
// template go on and every lookup finds nothing.
func (r *renderer) renderAnyway(loaded *chart.Chart, caps *chartutil.Capabilities) ([]manifest.Object, error) {
	files, err := quietly(func() (map[string]string, error) {
		return r.files(engine.Engine{LintMode: true}, loaded, caps)
	})
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
