package chart

import (
	"fmt"
	"io"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/getter"
)

// stdinName is how findings name a values file read from standard input.
const stdinName = "(standard input)"

// mergeValues merges the values as Helm does, and remembers where they stand.
func mergeValues(opts Options) (map[string]any, Origins, error) {
	var origins Origins
	values := opts.Values
	values.ValueFiles = append([]string(nil), values.ValueFiles...)
	for i, file := range values.ValueFiles {
		name := file
		if strings.TrimSpace(file) == "-" {
			// Standard input can be read once, and is needed twice.
			kept, err := keepStdin()
			if err != nil {
				return nil, origins, err
			}
			defer os.Remove(kept)
			file, name = kept, stdinName
			values.ValueFiles[i] = kept
		}
		if err := origins.addFile(file, name); err != nil {
			return nil, origins, err
		}
	}
	if err := parseFlags(values); err != nil {
		return nil, origins, err
	}
	merged, err := values.MergeValues(getter.All(opts.Settings.env))
	if err != nil {
		return nil, origins, fmt.Errorf("read the values: %w", err)
	}
	origins.addFlags(values)
	return merged, origins, nil
}

func keepStdin() (path string, err error) {
	kept, err := os.CreateTemp("", "coder-ha-values-*.yaml")
	if err != nil {
		return "", fmt.Errorf("keep the values from standard input: %w", err)
	}
	_, err = io.Copy(kept, os.Stdin)
	if closed := kept.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(kept.Name())
		return "", fmt.Errorf("keep the values from standard input: %w", err)
	}
	return kept.Name(), nil
}
