package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// sourceFlags say where the replicas are read from.
type sourceFlags struct {
	chart     chart.Options
	manifests []string
	workloads []string
	version   string
	ipFamily  string
}

func (s *sourceFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&s.manifests, "manifest", nil, "read the objects of this file instead of a chart, - for standard input (can be repeated); beside a CHART or values they are added to the objects of the chart")
	f.StringArrayVar(&s.workloads, "workload", nil, "what runs coderd: KIND/NAME or NAME (can be repeated; found by itself if there is one)")
	f.StringVar(&s.version, "coder-version", "", "Coder's version, where the image tag does not tell it")
	f.StringVar(&s.ipFamily, "pod-ip-family", "", "the IP family of the pods, ipv4 or ipv6, where the manifests do not tell it")
	register(cmd, "pod-ip-family", cobra.FixedCompletions([]string{"ipv4", "ipv6"}, cobra.ShellCompDirectiveNoFileComp))

	// The flags of `helm template` that change what is rendered, with its words.
	v := &s.chart.Values
	f.StringSliceVarP(&v.ValueFiles, "values", "f", nil, "specify values in a YAML file or a URL, - for standard input (can be repeated)")
	f.StringArrayVar(&v.Values, "set", nil, "set values on the command line: key1=val1,key2=val2 (can be repeated)")
	f.StringArrayVar(&v.StringValues, "set-string", nil, "set STRING values on the command line (can be repeated)")
	f.StringArrayVar(&v.FileValues, "set-file", nil, "set values from files: key1=path1,key2=path2 (can be repeated)")
	f.StringArrayVar(&v.JSONValues, "set-json", nil, "set JSON values on the command line: key1=jsonval1 (can be repeated)")
	f.StringArrayVar(&v.LiteralValues, "set-literal", nil, "set a literal STRING value on the command line (can be repeated)")
	f.StringVar(&s.chart.KubeVersion, "kube-version", "", "Kubernetes version for Capabilities.KubeVersion (default: that of this plugin's Kubernetes client, as in helm template)")
	f.StringSliceVarP(&s.chart.APIVersions, "api-versions", "a", nil, "Kubernetes API versions for Capabilities.APIVersions (can be repeated)")
	f.Var(&s.chart.DryRun, "dry-run", "client renders without a cluster, as helm template does; server lets lookups ask the cluster and takes its version and APIs, as helm install does")
	f.Lookup("dry-run").NoOptDefVal = "client"
	register(cmd, "dry-run", cobra.FixedCompletions(chart.DryRuns(), cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&s.chart.ReleaseName, "name", "", "release name, the same as NAME before CHART")
	f.BoolVar(&s.chart.IsUpgrade, "is-upgrade", false, "set .Release.IsUpgrade instead of .Release.IsInstall")
	f.BoolVar(&s.chart.SkipSchemaValidation, "skip-schema-validation", false, "do not validate the values against the chart's schema")
	f.BoolVar(&s.chart.EnableDNS, "enable-dns", false, "let templates look up host names")
	f.BoolVar(&s.chart.Devel, "devel", false, "use development versions of the chart too")
	p := &s.chart.Path
	f.StringVar(&p.Version, "version", "", "version constraint for the chart")
	f.StringVar(&p.RepoURL, "repo", "", "URL of the chart repository")
	f.StringVar(&p.Username, "username", "", "user name for the chart repository")
	f.StringVar(&p.Password, "password", "", "password for the chart repository")
	f.StringVar(&p.CertFile, "cert-file", "", "client certificate for the chart repository")
	f.StringVar(&p.KeyFile, "key-file", "", "key of the client certificate for the chart repository")
	f.StringVar(&p.CaFile, "ca-file", "", "CA bundle for the chart repository")
	f.BoolVar(&p.InsecureSkipTLSverify, "insecure-skip-tls-verify", false, "skip certificate checks for the chart download")
	f.BoolVar(&p.PlainHTTP, "plain-http", false, "use HTTP for the chart download")
	f.BoolVar(&p.PassCredentialsAll, "pass-credentials", false, "pass the credentials to all domains")
	f.BoolVar(&p.Verify, "verify", false, "verify the chart's signature before using it")
	f.StringVar(&p.Keyring, "keyring", defaultKeyring(), "public keys for --verify")
}

func defaultKeyring() string {
	if home := os.Getenv("GNUPGHOME"); home != "" {
		return home + "/pubring.gpg"
	}
	return os.ExpandEnv("$HOME/.gnupg/pubring.gpg")
}

// ipFamilies are the values of --pod-ip-family.
var ipFamilies = map[string]string{"": "", "ipv4": "IPv4", "ipv6": "IPv6"}

// read reads the model from what the flags and arguments name.
func (s *sourceFlags) read(ctx context.Context, args []string, settings *helmcli.EnvSettings, streams Streams) (*deployment.Deployment, error) {
	family, ok := ipFamilies[s.ipFamily]
	if !ok {
		return nil, fmt.Errorf("--pod-ip-family %q: use ipv4 or ipv6", s.ipFamily)
	}
	if s.version != "" && !coder.ParseVersion(s.version).Known() {
		return nil, fmt.Errorf("--coder-version %q is not a version of Coder: use a form like 2.37", s.version)
	}
	if err := s.arguments(args); err != nil {
		return nil, err
	}
	opts := kube.Options{Namespace: settings.Namespace(), Workloads: s.workloads, CoderVersion: s.version, PodIPFamily: family}
	objects, err := s.readManifests(streams.In)
	if err != nil {
		return nil, err
	}
	if s.chart.DryRun == chart.DryRunServer && len(s.manifests) > 0 && len(args) == 0 && !s.values() {
		return nil, errors.New("--dry-run=server needs a chart: manifests are rendered already")
	}
	source, refusal := "manifests", ""
	var lookups *deployment.Lookups
	if len(s.manifests) == 0 || len(args) > 0 || s.values() {
		s.chart.Settings = settings
		if s.chart.DryRun == chart.DryRunServer && s.chart.KubeVersion+strings.Join(s.chart.APIVersions, "") != "" {
			fmt.Fprintln(streams.Err, "coder-ha: --dry-run=server takes the cluster's version and APIs: --kube-version and --api-versions are left out")
		}
		rendered, err := chart.Render(ctx, s.chart)
		if err != nil {
			return nil, err
		}
		lookups = s.lookups(rendered, &opts, streams)
		objects = append(objects, rendered.Objects...)
		opts.EnvOrigin = rendered.Origins.Env
		source, refusal = fmt.Sprintf("chart %s %s", rendered.Name, rendered.Version), rendered.Refusal
		if s.chart.Chart == "" {
			source = "the plugin's own " + source
		}
	}
	d, err := kube.Build(objects, opts)
	if err != nil && refusal != "" {
		return nil, refusalError(refusal)
	}
	if err != nil {
		return nil, err
	}
	d.Source, d.Refusal, d.Lookups = source, refusal, lookups
	return d, nil
}

// lookups hands on what the chart asked the cluster, nil where it asked none. What
// was not answered is said at once: without it there may be nothing to check.
func (s *sourceFlags) lookups(rendered *chart.Rendered, opts *kube.Options, streams Streams) *deployment.Lookups {
	if s.chart.DryRun != chart.DryRunServer {
		return nil
	}
	opts.Hidden, opts.Open = rendered.FromSecrets, rendered.Open
	var what []string
	for _, lookup := range rendered.Lookups.Open {
		fmt.Fprintf(streams.Err, "coder-ha: the lookup of %s was not answered: this user lacks %s\n", lookup, lookup.Right())
		what = append(what, lookup.String())
	}
	opts.OpenWhy = "it depends on a lookup that the cluster did not answer: " + strings.Join(what, ", ")
	opts.OpenProof = deployment.GrantLookups
	rendered.Lookups.Secrets = secretTexts(rendered)
	return &rendered.Lookups
}

// refusalError is the chart's own sentence as an error.
func refusalError(sentence string) error {
	return fmt.Errorf("the chart refuses these values: %s", sentence)
}

// files are the local files that the flags name.
func (s *sourceFlags) files() []string {
	return slices.Concat(s.manifests, s.chart.Values.ValueFiles)
}

// named says whether the user names a source at all.
func (s *sourceFlags) named(args []string) bool {
	return len(args)+len(s.manifests) > 0 || s.values()
}

// values says whether the user gives values, and so means a chart.
func (s *sourceFlags) values() bool {
	v := s.chart.Values
	return len(v.ValueFiles)+len(v.Values)+len(v.StringValues)+len(v.JSONValues)+len(v.FileValues)+len(v.LiteralValues) > 0
}

// arguments reads [NAME] [CHART] as `helm template` does.
func (s *sourceFlags) arguments(args []string) error {
	switch len(args) {
	case 1:
		s.chart.Chart = args[0]
	case 2:
		if s.chart.ReleaseName != "" {
			return errors.New("the release name is given twice, by --name and as NAME: leave one out")
		}
		s.chart.ReleaseName, s.chart.Chart = args[0], args[1]
	}
	if s.chart.Path.RepoURL != "" && s.chart.Chart == "" {
		return errors.New("--repo needs the name of a CHART in that repository")
	}
	return nil
}

func (s *sourceFlags) readManifests(stdin io.Reader) ([]manifest.Object, error) {
	var all []manifest.Object
	for _, path := range s.manifests {
		objects, err := readManifest(path, stdin)
		if err != nil {
			return nil, err
		}
		if len(objects) == 0 {
			return nil, fmt.Errorf("--manifest %s: it holds no Kubernetes object", path)
		}
		all = append(all, objects...)
	}
	return all, nil
}

func readManifest(path string, stdin io.Reader) ([]manifest.Object, error) {
	if path == "-" {
		return manifest.Decode(stdin, "(standard input)")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--manifest: %w", err)
	}
	defer file.Close()
	return manifest.Decode(file, path)
}
