package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// hubFile is what the owners tell Artifact Hub.
const hubFile = "charts/artifacthub-repo.yml"

// chart adds the archive of the chart. What Artifact Hub shows of a release is
// written into its Chart.yaml here, made of the changelog, of what the chart
// renders, and of the key, so that none of it can be stale.
func (s source) chart(r *release) error {
	chart, err := loader.LoadDir(filepath.Join(s.root, "charts", "coder"))
	if err != nil {
		return fmt.Errorf("load the chart: %w", err)
	}
	if chart.Metadata.Version != s.version {
		return fmt.Errorf("the chart has version %s and the plugin %s: give both the same", chart.Metadata.Version, s.version)
	}
	if err := s.annotate(r, chart); err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(s.root, "LICENSE"))
	if err != nil {
		return fmt.Errorf("read the license: %w", err)
	}
	chart.Files = append(chart.Files, &common.File{Name: "LICENSE", Data: license})
	s.date(chart)

	stage, err := os.MkdirTemp("", "coder-ha-chart-")
	if err != nil {
		return fmt.Errorf("make a folder for the chart: %w", err)
	}
	defer os.RemoveAll(stage)
	saved, err := chartutil.Save(chart, stage)
	if err != nil {
		return fmt.Errorf("archive the chart: %w", err)
	}
	text, err := os.ReadFile(saved)
	if err != nil {
		return fmt.Errorf("read the archive of the chart: %w", err)
	}
	metadata, err := os.ReadFile(filepath.Join(s.root, "charts", "coder", "Chart.yaml"))
	if err != nil {
		return fmt.Errorf("read about the chart: %w", err)
	}
	return r.addSigned(filepath.Base(saved), text, metadata)
}

// date gives every file of the chart the time of the release.
func (s source) date(chart *chartv2.Chart) {
	chart.ModTime, chart.SchemaModTime = s.at, s.at
	for _, files := range [][]*common.File{chart.Raw, chart.Templates, chart.Files} {
		for _, f := range files {
			f.ModTime = s.at
		}
	}
}

// annotate writes what Artifact Hub shows.
func (s source) annotate(r *release, chart *chartv2.Chart) error {
	changelog, err := os.ReadFile(filepath.Join(s.root, "CHANGELOG.md"))
	if err != nil {
		return fmt.Errorf("read the changelog: %w", err)
	}
	changes := changesOf(changelog, s.version)
	if len(changes) == 0 {
		return errors.New("CHANGELOG.md has no changes, neither for " + s.version + " nor unreleased")
	}
	images, err := imagesOf(chart)
	if err != nil {
		return err
	}
	written := map[string]any{"changes": changes, "images": images}
	if r.key != nil {
		written["signKey"] = map[string]string{
			"fingerprint": r.key.fingerprint(),
			"url":         chart.Metadata.Home + "/releases/download/v" + s.version + "/" + keyFile,
		}
	}
	for name, value := range written {
		text, err := yaml.Marshal(value)
		if err != nil {
			return fmt.Errorf("write the annotation %s: %w", name, err)
		}
		chart.Metadata.Annotations["artifacthub.io/"+name] = string(text)
	}
	prerelease := strings.Contains(s.version, "-")
	chart.Metadata.Annotations["artifacthub.io/prerelease"] = strconv.FormatBool(prerelease)
	return nil
}
