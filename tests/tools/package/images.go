package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

// image is one that the chart runs, as Artifact Hub lists it.
type image struct {
	Name  string `yaml:"name"`
	Image string `yaml:"image"`
}

// imagesOf are the images of the chart with its own values, as it renders them.
func imagesOf(chart *chartv2.Chart) ([]image, error) {
	release := common.ReleaseOptions{Name: "coder", Namespace: "coder", Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(chart, nil, release, common.DefaultCapabilities)
	if err != nil {
		return nil, fmt.Errorf("take the values of the chart: %w", err)
	}
	rendered, err := engine.Render(chart, values)
	if err != nil {
		return nil, fmt.Errorf("render the chart to list its images: %w", err)
	}
	found := map[string]string{}
	for name, text := range rendered {
		if strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		var document any
		decoder := yaml.NewDecoder(strings.NewReader(text))
		for decoder.Decode(&document) == nil {
			collect(document, found)
			document = nil
		}
	}
	if len(found) == 0 {
		return nil, errors.New("the chart renders no image")
	}
	images := make([]image, 0, len(found))
	for _, reference := range slices.Sorted(maps.Keys(found)) {
		images = append(images, image{found[reference], reference})
	}
	return images, nil
}

// collect finds the containers below a value, and keeps the images and the name of
// one container of each.
func collect(value any, found map[string]string) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			collect(item, found)
		}
	case map[string]any:
		reference, isImage := value["image"].(string)
		name, isNamed := value["name"].(string)
		if isImage && isNamed && (found[reference] == "" || name < found[reference]) {
			found[reference] = name
		}
		for _, item := range value {
			collect(item, found)
		}
	}
}
