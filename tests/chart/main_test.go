// Package chart_test renders charts/coder with the real Helm and looks at what
// comes out. Nothing here needs a cluster.
package chart_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// kubeVersion is the Kubernetes that renders are for, unless a test says
// otherwise: without it each Helm would choose its own.
const kubeVersion = "1.34.0"

// renderTimeout is far above the second that a render takes.
const renderTimeout = time.Minute

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// helm3Dir and helm4Dir each hold one program named helm, for PATH: that is
// where terratest looks.
var helm3Dir, helm4Dir string

// chartDir is the chart under test.
var chartDir string

// valuesDir holds the values files of the tests. Helm splits the argument of -f
// at commas, which the folders that testing makes may have in their names.
var valuesDir string

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run prepares an environment that knows no cluster, no Helm settings of the
// machine and only the pinned Helm, and runs the tests in it.
func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "coder-ha-chart-")
	if err != nil {
		return 0, fmt.Errorf("make a folder for Helm: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if helm3Dir, err = helmDir(filepath.Join(dir, "3"), checkout.Helm3); err != nil {
		return 0, err
	}
	if helm4Dir, err = helmDir(filepath.Join(dir, "4"), checkout.Helm4); err != nil {
		return 0, err
	}
	valuesDir = dir
	if chartDir, err = checkout.Path("charts/coder"); err != nil {
		return 0, err
	}
	for name, value := range map[string]string{
		"PATH":             helm3Dir + string(os.PathListSeparator) + os.Getenv("PATH"),
		"KUBECONFIG":       filepath.Join(dir, "no-kubeconfig"),
		"HELM_CACHE_HOME":  filepath.Join(dir, "cache"),
		"HELM_CONFIG_HOME": filepath.Join(dir, "config"),
		"HELM_DATA_HOME":   filepath.Join(dir, "data"),
		"HELM_NAMESPACE":   "",
	} {
		if err := os.Setenv(name, value); err != nil {
			return 0, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return m.Run(), nil
}

// helmDir makes a folder whose only program is helm.
func helmDir(dir string, find func() (string, error)) (string, error) {
	binary, err := find()
	if err != nil {
		return "", fmt.Errorf("the chart tests need the pinned Helm, which `make test` builds: %w", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a folder for Helm: %w", err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "helm")); err != nil {
		return "", fmt.Errorf("link Helm: %w", err)
	}
	return dir, nil
}

// withHelm4 puts Helm 4 in the place of Helm 3 for the rest of a test.
func withHelm4(t *testing.T) {
	t.Helper()
	t.Setenv("PATH", helm4Dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// renderContext ends a render that hangs.
func renderContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), renderTimeout)
	t.Cleanup(cancel)
	return ctx
}
