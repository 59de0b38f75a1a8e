package chart

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/registry"

	"github.com/coder-ha/coder-ha/charts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// load finds and reads the chart and proves that it can be installed.
func load(opts Options) (*chart.Chart, error) {
	guard.Doing("reading the chart")
	opts.Secrets.Add(opts.Path.Password)
	opts.Secrets.AddURL(opts.Path.RepoURL)
	opts.Secrets.AddURL(opts.Chart)
	loaded, err := read(opts)
	if err != nil {
		return nil, err
	}
	opts.Secrets.AddTree(loaded.Values)
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return nil, fmt.Errorf("chart %s is a %s chart and cannot be installed: name an application chart", loaded.Name(), kind)
	}
	if deps := loaded.Metadata.Dependencies; deps != nil {
		if err := action.CheckDependencies(loaded, deps); err != nil {
			return nil, fmt.Errorf("chart %s lacks dependencies: %w: run `helm dependency build %s` first", loaded.Name(), err, opts.Chart)
		}
	}
	return loaded, nil
}

func read(opts Options) (*chart.Chart, error) {
	if opts.Chart == "" {
		return bundled()
	}
	path, err := locate(opts)
	if err != nil {
		return nil, fmt.Errorf("find chart %q: %w", opts.Chart, err)
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, fmt.Errorf("read chart %q: %w", opts.Chart, err)
	}
	return loaded, nil
}

// locate turns a reference into a path, downloading the chart if it must.
func locate(opts Options) (string, error) {
	for _, path := range []string{opts.Path.CaFile, opts.Path.CertFile, opts.Path.KeyFile, opts.Path.Keyring} {
		if err := limits.Plain(path, limits.PEM); err != nil {
			return "", err
		}
	}
	client, err := registryClient(opts)
	if err != nil {
		return "", err
	}
	install := action.NewInstall(new(action.Configuration))
	install.ChartPathOptions = opts.Path
	install.SetRegistryClient(client)
	if install.Version == "" && opts.Devel {
		install.Version = ">0.0.0-0"
	}
	return install.LocateChart(opts.Chart, opts.Settings.env)
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

// bundled reads the chart that is part of this program.
func bundled() (*chart.Chart, error) {
	const root = "coder"
	var files []*loader.BufferedFile
	err := fs.WalkDir(charts.Coder, root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(charts.Coder, path)
		files = append(files, &loader.BufferedFile{Name: strings.TrimPrefix(path, root+"/"), Data: data})
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read the bundled chart: %w", err)
	}
	return loader.LoadFiles(files)
}
