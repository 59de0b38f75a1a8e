package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/registry"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
)

// layouts writes an OCI layout for each repository of a registry that a release is
// copied to: of the chart, as `helm push` would push it, with what Artifact Hub
// looks for beside it; and of each plugin for Helm 4.
func (s source) layouts(ctx context.Context, r *release, dist string) error {
	chart, err := s.chartArtifact(r)
	if err != nil {
		return err
	}
	hub, _ := r.file(filepath.Base(hubFile))
	repositories := map[string][]artifact{
		"coder": {chart, {
			tag:    "artifacthub.io",
			config: blob{mediaType: "application/vnd.cncf.artifacthub.config.v1+yaml", text: []byte("{}")},
			layers: []blob{{
				mediaType: "application/vnd.cncf.artifacthub.repository-metadata.layer.v1.yaml",
				title:     filepath.Base(hubFile), text: hub,
			}},
		}},
		"coder-ha":        {s.pluginArtifact(r, "coder-ha")},
		"coder-ha-inject": {s.pluginArtifact(r, "coder-ha-inject")},
	}
	for name, artifacts := range repositories {
		if err := s.layout(ctx, filepath.Join(dist, "oci", name), artifacts); err != nil {
			return fmt.Errorf("write the OCI layout of %s: %w", name, err)
		}
	}
	return nil
}

// artifact is one tag of a repository.
type artifact struct {
	tag         string
	kind        string
	config      blob
	layers      []blob
	annotations map[string]string
}

type blob struct {
	mediaType string
	title     string
	text      []byte
}

// chartArtifact is what `helm push` makes of the archive of the chart.
func (s source) chartArtifact(r *release) (artifact, error) {
	name := "coder-" + s.version + ".tgz"
	text, _ := r.file(name)
	chart, err := loader.LoadArchive(bytes.NewReader(text))
	if err != nil {
		return artifact{}, fmt.Errorf("load the archive of the chart: %w", err)
	}
	about := chart.Metadata
	config, err := json.Marshal(about)
	if err != nil {
		return artifact{}, fmt.Errorf("write about the chart: %w", err)
	}
	a := artifact{
		tag:         s.version,
		config:      blob{mediaType: registry.ConfigMediaType, text: config},
		layers:      []blob{{mediaType: registry.ChartLayerMediaType, text: text}},
		annotations: maps.Clone(about.Annotations),
	}
	if provenance, signed := r.file(name + ".prov"); signed {
		a.layers = append(a.layers, blob{mediaType: registry.ProvLayerMediaType, text: provenance})
	}
	maps.Copy(a.annotations, map[string]string{
		ocispec.AnnotationTitle:       about.Name,
		ocispec.AnnotationVersion:     about.Version,
		ocispec.AnnotationDescription: about.Description,
		ocispec.AnnotationURL:         about.Home,
		ocispec.AnnotationSource:      about.Sources[0],
		ocispec.AnnotationAuthors:     about.Maintainers[0].Name,
	})
	return a, nil
}

// pluginArtifact is a plugin as `helm plugin install oci://` of Helm 4 takes it.
func (s source) pluginArtifact(r *release, plugin string) artifact {
	a := artifact{tag: s.version, kind: registry.PluginArtifactType, annotations: map[string]string{
		ocispec.AnnotationTitle:    plugin,
		ocispec.AnnotationVersion:  s.version,
		ocispec.AnnotationLicenses: "Apache-2.0",
	}}
	for _, suffix := range []string{"", ".prov"} {
		name := plugin + "-" + s.version + ".tgz" + suffix
		if text, ok := r.file(name); ok {
			a.layers = append(a.layers, blob{mediaType: ocispec.MediaTypeImageLayerGzip, title: name, text: text})
		}
	}
	return a
}

// layout writes the artifacts of one repository.
func (s source) layout(ctx context.Context, dir string, artifacts []artifact) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	store, err := oci.NewWithContext(ctx, dir)
	if err != nil {
		return err
	}
	for _, a := range artifacts {
		if err := s.push(ctx, store, a); err != nil {
			return err
		}
	}
	return sortIndex(filepath.Join(dir, ocispec.ImageIndexFile))
}

func (s source) push(ctx context.Context, store *oci.Store, a artifact) error {
	options := oras.PackManifestOptions{ManifestAnnotations: map[string]string{
		ocispec.AnnotationCreated: s.at.Format(time.RFC3339),
	}}
	maps.Copy(options.ManifestAnnotations, a.annotations)
	if a.config.mediaType != "" {
		config, err := oras.PushBytes(ctx, store, a.config.mediaType, a.config.text)
		if err != nil {
			return err
		}
		options.ConfigDescriptor = &config
	}
	for _, b := range a.layers {
		layer, err := oras.PushBytes(ctx, store, b.mediaType, b.text)
		if err != nil {
			return err
		}
		if b.title != "" {
			layer.Annotations = map[string]string{ocispec.AnnotationTitle: b.title}
		}
		options.Layers = append(options.Layers, layer)
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, a.kind, options)
	if err != nil {
		return err
	}
	return store.Tag(ctx, manifest, a.tag)
}

// sortIndex puts the tags of a layout in order: the library has none.
func sortIndex(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var index ocispec.Index
	if err := json.Unmarshal(text, &index); err != nil {
		return err
	}
	slices.SortFunc(index.Manifests, func(a, b ocispec.Descriptor) int {
		return strings.Compare(a.Annotations[ocispec.AnnotationRefName], b.Annotations[ocispec.AnnotationRefName])
	})
	if text, err = json.Marshal(index); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
