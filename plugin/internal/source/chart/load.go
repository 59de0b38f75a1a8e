package chart

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/coder-ha/coder-ha/charts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
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
	if err := lacking(loaded); err != nil {
		return nil, fmt.Errorf("chart %s lacks dependencies: %w: run `helm dependency build %s` first", loaded.Name(), err, opts.Chart)
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
