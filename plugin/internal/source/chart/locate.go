package chart

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"helm.sh/helm/v3/pkg/downloader"
	"helm.sh/helm/v3/pkg/getter"
	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"

	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// Path says how to come to a chart, as the flags of `helm template` do.
type Path struct {
	RepoURL               string
	Version               string
	Username              string
	Password              string
	CertFile              string
	KeyFile               string
	CaFile                string
	Keyring               string
	InsecureSkipTLSverify bool
	PlainHTTP             bool
	PassCredentialsAll    bool
	Verify                bool
}

// locate turns a reference into a path, and downloads the chart if it must: what
// action.ChartPathOptions of Helm does, which a test compares it with. Package action
// installs and stores releases too, and the program would have to start with all that.
func locate(opts Options) (string, error) {
	p := opts.Path
	for _, path := range []string{p.CaFile, p.CertFile, p.KeyFile, p.Keyring} {
		if err := limits.Plain(path, limits.PEM); err != nil {
			return "", err
		}
	}
	name := strings.TrimSpace(opts.Chart)
	if IsLocal(name) {
		return local(name, p)
	}
	if filepath.IsAbs(name) || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("path %q not found", name)
	}
	return download(name, opts)
}

// IsLocal says whether a chart is a file or a folder, which comes before a chart of
// that name elsewhere.
func IsLocal(name string) bool {
	_, err := os.Stat(strings.TrimSpace(name))
	return err == nil
}

// local is the path of a chart on disk.
func local(name string, p Path) (string, error) {
	path, err := filepath.Abs(name)
	if err != nil || !p.Verify {
		return path, err
	}
	_, err = downloader.VerifyChart(path, p.Keyring)
	return path, err
}

// download fetches a chart into Helm's cache.
func download(name string, opts Options) (string, error) {
	p, env := opts.Path, opts.Settings.env
	version := strings.TrimSpace(p.Version)
	if version == "" && opts.Devel {
		version = ">0.0.0-0"
	}
	client, err := registryClient(opts)
	if err != nil {
		return "", err
	}
	loader := downloader.ChartDownloader{
		Out: io.Discard, Keyring: p.Keyring, Getters: getter.All(env),
		Options: []getter.Option{
			getter.WithPassCredentialsAll(p.PassCredentialsAll),
			getter.WithTLSClientConfig(p.CertFile, p.KeyFile, p.CaFile),
			getter.WithInsecureSkipVerifyTLS(p.InsecureSkipTLSverify),
			getter.WithPlainHTTP(p.PlainHTTP),
		},
		RepositoryConfig: env.RepositoryConfig, RepositoryCache: env.RepositoryCache, RegistryClient: client,
	}
	if client != nil {
		loader.Options = append(loader.Options, getter.WithRegistryClient(client))
	}
	if p.Verify {
		loader.Verify = downloader.VerifyAlways
	}
	credentials := getter.WithBasicAuth(p.Username, p.Password)
	if p.RepoURL != "" {
		name, err = repo.FindChartInAuthAndTLSAndPassRepoURL(p.RepoURL, p.Username, p.Password, name, version,
			p.CertFile, p.KeyFile, p.CaFile, p.InsecureSkipTLSverify, p.PassCredentialsAll, loader.Getters)
		if err != nil {
			return "", err
		}
		if !p.PassCredentialsAll && !sameServer(p.RepoURL, name) {
			credentials = getter.WithBasicAuth("", "")
		}
	}
	loader.Options = append(loader.Options, credentials)
	if err := os.MkdirAll(env.RepositoryCache, 0o750); err != nil {
		return "", err
	}
	file, _, err := loader.DownloadTo(name, version, env.RepositoryCache)
	if err != nil {
		return "", err
	}
	return filepath.Abs(file)
}

// sameServer says whether two URLs are of one server, port included: another one
// must not see the credentials.
func sameServer(a, b string) bool {
	first, err1 := url.Parse(a)
	second, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && first.Scheme == second.Scheme && first.Host == second.Host
}

// registryClient is nil where the chart does not come from a registry.
func registryClient(opts Options) (*registry.Client, error) {
	if !registry.IsOCI(opts.Chart) {
		return nil, nil
	}
	p := opts.Path
	if p.CertFile != "" && p.KeyFile != "" || p.CaFile != "" || p.InsecureSkipTLSverify {
		return registry.NewRegistryClientWithTLS(io.Discard, p.CertFile, p.KeyFile, p.CaFile,
			p.InsecureSkipTLSverify, opts.Settings.env.RegistryConfig, opts.Settings.env.Debug)
	}
	options := []registry.ClientOption{
		registry.ClientOptWriter(io.Discard),
		registry.ClientOptEnableCache(true),
		registry.ClientOptCredentialsFile(opts.Settings.env.RegistryConfig),
		registry.ClientOptBasicAuth(p.Username, p.Password),
	}
	if p.PlainHTTP {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	return registry.NewClient(options...)
}
