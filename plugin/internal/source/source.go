// Package source reads what describes the replicas of a Coder deployment into
// the model: a chart with its values, manifests, or both, or the files of hosts. What it hands out holds
// no secret; the database URL, which a probe needs, stands beside it.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
	"github.com/coder-ha/coder-ha/plugin/internal/source/hosts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kubeconfig"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
	"github.com/coder-ha/coder-ha/plugin/internal/source/resolve"
)

// Request names what describes the replicas.
type Request struct {
	// Chart is rendered, unless there are only manifests.
	Chart chart.Options
	// Hosts are described instead of a chart or manifests.
	Hosts hosts.Options
	// Manifests are files with objects, "-" for In.
	Manifests []string
	In        io.Reader
	// Workloads, CoderVersion and PodIPFamily are those of kube.Options.
	Workloads    []string
	CoderVersion string
	PodIPFamily  string
	// Live describes what runs in the cluster instead; nil for what is planned.
	Live *Live
	// ResolveURL says to look for the database URL in the cluster too.
	ResolveURL bool
	// Secrets take what no output may hold.
	Secrets *secrets.Known
	// Say takes a sentence that a user should know at once.
	Say func(sentence string)
}

// Description is what was read.
type Description struct {
	// Deployment is sealed.
	Deployment *deployment.Deployment
	// URLs are the database URLs of the replicas, each once; none where Gap says why
	// they are not known.
	URLs []resolve.URL
	Gap  *facts.Gap
	// Places are where coderd runs, one for each workload of Kubernetes. They hold what
	// the manifests hold, secrets included.
	Places []kube.Place
	// PostgresAuth is CODER_PG_AUTH of the replicas, empty where it is not known.
	PostgresAuth string
	// Release is that of a deployment which runs, and Unread are the parts of its
	// description that the user may not read.
	Release facts.Release
	Unread  map[facts.Kind]facts.Gap
}

// Describe reads the model. The key is that of its digests.
func (r Request) Describe(ctx context.Context, key digest.Key) (*Description, error) {
	if err := kubeconfig.Check(r.Chart.Settings.Cluster()); err != nil {
		return nil, err
	}
	out := &Description{}
	d, err := r.read(ctx, out)
	if err != nil {
		return nil, err
	}
	out.Deployment = d
	if r.ResolveURL {
		out.URLs, out.Gap = resolve.Find(ctx, d, r.Chart.Settings.Cluster(), r.Secrets)
		for _, url := range out.URLs {
			url.Learn(r.Secrets)
		}
	}
	if text, literal := d.Replicas[0].Env(coder.PostgresAuth).Text.Literal(); literal {
		out.PostgresAuth = text
	}
	d.Seal(key)
	return out, nil
}

// read reads the model, secrets and all.
func (r Request) read(ctx context.Context, out *Description) (*deployment.Deployment, error) {
	if r.CoderVersion != "" && !coder.ParseVersion(r.CoderVersion).Known() {
		return nil, fmt.Errorf("--coder-version %q is not a version of Coder: use a form like 2.37", r.CoderVersion)
	}
	if r.Chart.Path.RepoURL != "" && r.Chart.Chart == "" {
		return nil, errors.New("--repo needs the name of a CHART in that repository")
	}
	if r.Hosts.Named() {
		return r.readHosts(ctx)
	}
	if r.Live != nil {
		return r.readLive(ctx, out)
	}
	opts := kube.Options{Namespace: r.Chart.Settings.Namespace(), Workloads: r.Workloads, CoderVersion: r.CoderVersion, PodIPFamily: r.PodIPFamily}
	objects, err := r.readManifests(ctx)
	if err != nil {
		return nil, err
	}
	if r.Chart.DryRun == chart.DryRunServer && !r.rendersChart() {
		return nil, errors.New("--dry-run=server needs a chart: manifests are rendered already")
	}
	source, refusal := "manifests", ""
	var lookups *deployment.Lookups
	var values *deployment.ChartValues
	if r.rendersChart() {
		if r.Chart.DryRun == chart.DryRunServer && r.Chart.KubeVersion+strings.Join(r.Chart.APIVersions, "") != "" {
			r.Say("--dry-run=server uses the version and APIs of the cluster: --kube-version and --api-versions are ignored")
		}
		if r.Chart.Path.RepoURL != "" && chart.IsLocal(r.Chart.Chart) {
			r.Say("--repo is ignored: the chart is a file or folder here")
		}
		r.Chart.In, r.Chart.Secrets = r.In, r.Secrets
		rendered, err := chart.Render(ctx, r.Chart)
		if err != nil {
			return nil, err
		}
		values = &deployment.ChartValues{Stray: rendered.Stray}
		lookups = r.lookups(rendered, &opts)
		objects = append(objects, rendered.Objects...)
		opts.Budgets = rendered.Budgets
		opts.EnvOrigin = rendered.Origins.Env
		source, refusal = fmt.Sprintf("chart %s %s", rendered.Name, rendered.Version), rendered.Refusal
		if r.Chart.Chart == "" {
			source = "the plugin's own " + source
		}
	}
	guard.Doing("reading the objects")
	learnObjects(r.Secrets, objects)
	d, places, err := kube.Find(objects, opts)
	if err != nil && refusal != "" {
		return nil, RefusalError(refusal)
	}
	if err != nil {
		return nil, err
	}
	out.Places = places
	d.Source, d.Refusal, d.Lookups, d.Values = source, refusal, lookups, values
	learnModel(r.Secrets, d)
	return d, nil
}

// errBoth says that a deployment is described in two ways.
var errBoth = errors.New("--env-file, --env-dir, --from-table and --unit describe hosts: leave out the chart, its values and --manifest")

func (r Request) readHosts(ctx context.Context) (*deployment.Deployment, error) {
	if r.Chart.Chart != "" || len(r.Manifests) > 0 || r.hasValues() {
		return nil, errBoth
	}
	opts := r.Hosts
	opts.CoderVersion, opts.Secrets, opts.Say = r.CoderVersion, r.Secrets, r.Say
	return hosts.Read(ctx, opts)
}

// RefusalError is a chart's own sentence as an error.
func RefusalError(sentence string) error {
	return fmt.Errorf("the chart refuses these values: %s", sentence)
}

// lookups hands on what the chart asked the cluster, nil where it asked none. What
// was not answered is said at once: without it there may be nothing to check.
func (r Request) lookups(rendered *chart.Rendered, opts *kube.Options) *deployment.Lookups {
	if r.Chart.DryRun != chart.DryRunServer {
		return nil
	}
	opts.Hidden, opts.Open = rendered.FromSecrets, rendered.Open
	var what []string
	for _, lookup := range rendered.Lookups.Open {
		r.Say(fmt.Sprintf("the lookup of %s was not answered: this user lacks %s", lookup, lookup.Right()))
		what = append(what, lookup.String())
	}
	opts.OpenWhy = "it depends on a lookup that the cluster did not answer: " + strings.Join(what, ", ")
	opts.OpenProof = deployment.GrantLookups
	for _, o := range rendered.Objects {
		r.Secrets.AddWhole(rendered.FromSecrets.Texts(o)...)
	}
	return &rendered.Lookups
}

// Named says whether the user names anything that describes replicas.
func (r Request) Named() bool {
	return r.Chart.Chart != "" || len(r.Manifests) > 0 || r.hasValues() || r.Hosts.Named()
}

// Files are the local files that are read.
func (r Request) Files() []string {
	return slices.Concat(r.Manifests, r.Chart.Values.ValueFiles, r.Hosts.Files())
}

func (r Request) rendersChart() bool {
	return len(r.Manifests) == 0 || r.Chart.Chart != "" || r.hasValues()
}

// hasValues says whether the user gives values, and so means a chart.
func (r Request) hasValues() bool {
	v := r.Chart.Values
	return len(v.ValueFiles)+len(v.Values)+len(v.StringValues)+len(v.JSONValues)+len(v.FileValues)+len(v.LiteralValues) > 0
}

func (r Request) readManifests(ctx context.Context) ([]manifest.Object, error) {
	guard.Doing("reading the manifests")
	var all []manifest.Object
	for _, path := range r.Manifests {
		objects, err := r.readManifest(ctx, path)
		if err != nil {
			return nil, err
		}
		if len(objects) == 0 {
			return nil, fmt.Errorf("--manifest %s: it contains no Kubernetes objects", path)
		}
		if all == nil {
			all = objects
			continue
		}
		all = append(all, objects...)
	}
	return all, nil
}

func (r Request) readManifest(ctx context.Context, path string) ([]manifest.Object, error) {
	text, err := limits.ReadInput(ctx, path, r.In, limits.Manifests)
	if err != nil {
		return nil, fmt.Errorf("--manifest: %w", err)
	}
	guard.Large(len(text))
	name := path
	if path == "-" {
		name = limits.Stdin
	}
	return manifest.Skim(text, name)
}
