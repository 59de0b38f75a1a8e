// Package charts carries the Helm chart inside the program, so that it can be
// rendered and checked where no copy of the chart is at hand.
package charts

import "embed"

//go:generate go run ./generate coder

// Coder holds the chart as it lies in the repository, under the folder
// "coder": Chart.yaml, values.yaml, values.schema.json, templates and the rest.
//
//go:embed all:coder
var Coder embed.FS
