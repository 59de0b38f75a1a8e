// Package upstream brings Coder's own Helm charts, which lie in the module of
// Coder that tests/coderd pins. Nothing of them is kept in this repository.
package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// Version is what a chart says of itself. In git, Coder's charts have versions
// that a release replaces.
type Version struct{ Chart, App string }

// Charts are the folders of Coder's charts in its module.
type Charts struct{ dir string }

// Releases are the module files in tests/coderd that pin releases of Coder, the
// newest first.
var Releases = []string{"go.mod", "v2.29.1.mod", "v2.24.0.mod", "v2.20.0.mod"}

// Find downloads the newest module of Coder if it is not there yet.
func Find(ctx context.Context) (Charts, error) { return FindRelease(ctx, Releases[0]) }

// FindRelease is Find for the release that a module file pins.
func FindRelease(ctx context.Context, modfile string) (Charts, error) {
	dir, err := find(ctx, modfile)
	return Charts{dir: filepath.Join(dir, "helm")}, err
}

// found keeps the folders of modules by their module files; each is asked for once.
var found = struct {
	sync.Mutex
	dirs map[string]string
}{dirs: map[string]string{}}

var errNoFolder = errors.New("go mod download names no folder")

func find(ctx context.Context, modfile string) (string, error) {
	found.Lock()
	defer found.Unlock()
	if dir := found.dirs[modfile]; dir != "" {
		return dir, nil
	}
	pins, err := checkout.Path("tests/coderd")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "-modfile="+modfile, "github.com/coder/coder/v2")
	cmd.Dir = pins
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if decodeErr := json.Unmarshal(out, &module); err == nil {
		err = decodeErr
	}
	if err != nil || module.Dir == "" {
		return "", fmt.Errorf("download the module of Coder: %w: %s%s", errors.Join(err, errNoFolder), stderr.String(), module.Error)
	}
	found.dirs[modfile] = module.Dir
	return module.Dir, nil
}

// TestValues are the values files of a chart's own tests.
func (c Charts) TestValues(chart string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(c.dir, chart, "tests", "testdata", "*.yaml"))
	if err == nil && len(files) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return nil, fmt.Errorf("list the values of the tests of Coder's chart %s: %w", chart, err)
	}
	return files, nil
}

// TestValuesFile is one of them, by its name without the ending.
func (c Charts) TestValuesFile(chart, name string) string {
	return filepath.Join(c.dir, chart, "tests", "testdata", name+".yaml")
}

// Values is the text of a chart's values.yaml.
func (c Charts) Values(chart string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(c.dir, chart, "values.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the values of Coder's chart %s: %w", chart, err)
	}
	return text, nil
}

// versions are the lines of Chart.yaml that a release writes.
var versions = regexp.MustCompile(`(?m)^(version|appVersion):.*$`)

// Write puts a chart into a new folder of dir, with the chart that it depends on
// and the versions of a release, so that Helm can render it.
func (c Charts) Write(dir, chart string, as Version) (string, error) {
	to := filepath.Join(dir, chart)
	err := errors.Join(
		os.CopyFS(to, os.DirFS(filepath.Join(c.dir, chart))),
		os.CopyFS(filepath.Join(to, "charts", "libcoder"), os.DirFS(filepath.Join(c.dir, "libcoder"))),
	)
	if err != nil {
		return "", fmt.Errorf("copy Coder's chart %s: %w", chart, err)
	}
	about := filepath.Join(to, "Chart.yaml")
	text, err := os.ReadFile(about)
	if err != nil {
		return "", fmt.Errorf("read about Coder's chart %s: %w", chart, err)
	}
	text = versions.ReplaceAllFunc(text, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("version")) {
			return fmt.Appendf(nil, "version: %q", as.Chart)
		}
		return fmt.Appendf(nil, "appVersion: %q", as.App)
	})
	if err := os.WriteFile(about, text, 0o600); err != nil {
		return "", fmt.Errorf("set the version of Coder's chart %s: %w", chart, err)
	}
	return to, nil
}
