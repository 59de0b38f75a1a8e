// Package checkout finds the parts of this repository that tests run: its
// files, what `make build` left, and the pinned Helm binaries.
package checkout

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// module is the first line of the go.mod at the root of the repository.
var module = []byte("module github.com/coder-ha/coder-ha\n")

// root is looked for once, upwards from the working directory.
var root = sync.OnceValues(func() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(text, module) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the repository: no go.mod of coder-ha above %s", start)
		}
	}
})

// Path is the absolute path of a file or folder of the repository, given by its
// slash-separated path from the root.
func Path(name string) (string, error) {
	dir, err := root()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// Plugin is the program that `make build` leaves.
func Plugin() (string, error) { return built("bin/coder-ha", "build") }

// PluginDir is the folder that `helm plugin install` accepts after `make build`.
func PluginDir() (string, error) {
	if _, err := built("plugin/bin/coder-ha-"+runtime.GOOS+"-"+runtime.GOARCH, "build"); err != nil {
		return "", err
	}
	return Path("plugin")
}

// Helm3 is the Helm 3 that tests/tools/helm3 pins.
func Helm3() (string, error) { return built(".cache/bin/helm3", "helm3") }

// Helm4 is the Helm 4 that tests/tools/helm4 pins.
func Helm4() (string, error) { return built(".cache/bin/helm4", "helm4") }

// Actionlint is the linter of GitHub's workflows that tests/tools/actionlint pins.
func Actionlint() (string, error) { return built(".cache/bin/actionlint", "actionlint") }

// KubeScore is the pinned kube-score.
func KubeScore() (string, error) { return built(".cache/bin/kube-score", "kube-score") }

// built is the path of a file that a make target builds.
func built(name, target string) (string, error) {
	path, err := Path(name)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%w: run `make %s` first", err, target)
	}
	return path, nil
}
