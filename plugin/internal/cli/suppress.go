package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// suppressFile is looked for beside each values file and each manifest.
const suppressFile = ".coder-ha.yaml"

// suppressions are the checks to leave out, with who asked for it: --skip, the
// files beside what was read, and annotations of the objects. An id that no
// check has is worth a word on standard error, and no more.
func suppressions(flags []string, inputs []string, found *check.Case, streams Streams) (map[string]string, error) {
	by := map[string]string{}
	if found.Deployment != nil {
		maps.Copy(by, found.Deployment.Ignored)
	}
	for _, dir := range directories(inputs) {
		path := filepath.Join(dir, suppressFile)
		ids, err := readSuppressFile(path)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			by[id] = path
		}
	}
	for _, id := range flags {
		by[id] = "--skip"
	}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		if _, known := find(id); !known {
			fmt.Fprintf(streams.Err, "coder-ha: %s asks to leave out %s: there is no such check\n", by[id], id)
		}
	}
	return by, nil
}

// directories are those of the files that were read, each once.
func directories(files []string) []string {
	var out []string
	for _, file := range files {
		if dir := filepath.Dir(file); file != "-" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

// readSuppressFile reads the ids of a file; a file that is not there has none.
func readSuppressFile(path string) ([]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var content struct {
		Skip []string `yaml:"skip"`
	}
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&content); err != nil {
		return nil, fmt.Errorf("%s: %w: it holds a list of ids under the key skip", path, err)
	}
	return content.Skip, nil
}
