package cli

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// sourceFlags say where the replicas are read from.
type sourceFlags struct {
	run.Source
	ipFamily string
}

func (s *sourceFlags) add(cmd *cobra.Command, settings *run.Settings) {
	s.Chart.Settings = settings
	f := cmd.Flags()
	f.StringArrayVar(&s.Manifests, "manifest", nil, "read Kubernetes objects from this file instead of a chart, - for standard input (can be repeated); with a CHART or values, the objects are added to those of the chart")
	f.StringArrayVar(&s.Workloads, "workload", nil, "workload that runs coderd: KIND/NAME or NAME (can be repeated; detected if unique)")
	f.StringVar(&s.CoderVersion, "coder-version", "", "version of Coder, if the image tag does not say")
	addEnum(cmd, f, &s.ipFamily, enum{name: "pod-ip-family", allowed: []string{"ipv4", "ipv6"}, usage: "IP family of status.podIP, which manifests do not say"})

	h := &s.Hosts
	f.StringArrayVar(&h.EnvFiles, "env-file", nil, "read the environment file of a host without Kubernetes: NAME=FILE, with the host's name, or '*=FILE' for a file that all hosts have (can be repeated)")
	f.StringArrayVar(&h.EnvDirs, "env-dir", nil, "read the environment files of all hosts from this folder: NAME.env (can be repeated)")
	f.StringArrayVar(&h.Units, "unit", nil, "systemd unit, drop-in or folder of drop-ins of all hosts, or NAME=FILE of one (can be repeated)")
	f.StringVar(&h.Table, "from-table", "", "read all hosts from a table: CSV with a column name and one for each variable, or YAML")

	// The flags of `helm template` that change what is rendered, with its words.
	v := &s.Chart.Values
	f.StringSliceVarP(&v.ValueFiles, "values", "f", nil, "specify values in a YAML file or a URL, - for standard input (can be repeated)")
	f.StringArrayVar(&v.Values, "set", nil, "set values on the command line: key1=val1,key2=val2 (can be repeated)")
	f.StringArrayVar(&v.StringValues, "set-string", nil, "set STRING values on the command line (can be repeated)")
	f.StringArrayVar(&v.FileValues, "set-file", nil, "set values from files: key1=path1,key2=path2 (can be repeated)")
	f.StringArrayVar(&v.JSONValues, "set-json", nil, "set JSON values on the command line: key1=jsonval1 (can be repeated)")
	f.StringArrayVar(&v.LiteralValues, "set-literal", nil, "set a literal STRING value on the command line (can be repeated)")
	f.StringVar(&s.Chart.KubeVersion, "kube-version", "", "Kubernetes version for Capabilities.KubeVersion (default: that of this plugin's Kubernetes client, as in helm template)")
	f.StringSliceVarP(&s.Chart.APIVersions, "api-versions", "a", nil, "Kubernetes API versions for Capabilities.APIVersions (can be repeated)")
	f.Var(&s.Chart.DryRun, "dry-run", "client renders without a cluster, as helm template does; server lets lookups ask the cluster and uses its version and APIs, as helm install does")
	f.Lookup("dry-run").NoOptDefVal = "client"
	register(cmd, "dry-run", cobra.FixedCompletions([]string{"client", "server"}, cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&s.Chart.ReleaseName, "name", "", "release name, the same as NAME before CHART")
	f.BoolVar(&s.Chart.IsUpgrade, "is-upgrade", false, "set .Release.IsUpgrade instead of .Release.IsInstall")
	f.BoolVar(&s.Chart.SkipSchemaValidation, "skip-schema-validation", false, "do not validate the values against the chart's schema")
	f.BoolVar(&s.Chart.EnableDNS, "enable-dns", false, "let templates look up host names")
	f.BoolVar(&s.Chart.Devel, "devel", false, "use development versions of the chart too")
	p := &s.Chart.Path
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

// ipFamilies are the values of --pod-ip-family, by the names of Kubernetes.
var ipFamilies = map[string]string{"ipv4": "IPv4", "ipv6": "IPv6"}

// into hands what the flags and the arguments say to a request. The arguments are
// [NAME] [CHART], as those of `helm template`.
func (s *sourceFlags) into(r *run.Request, args []string) error {
	s.PodIPFamily = ipFamilies[s.ipFamily]
	switch len(args) {
	case 1:
		s.Chart.Chart = args[0]
	case 2:
		if s.Chart.ReleaseName != "" {
			return errors.New("the release name is given twice, by --name and as NAME: leave one out")
		}
		s.Chart.ReleaseName, s.Chart.Chart = args[0], args[1]
	}
	r.Source = s.Source
	return nil
}
