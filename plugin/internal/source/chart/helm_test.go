//go:build helm

package chart

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// helm is the pinned Helm 3 that `make test` builds.
func helm(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../../../.cache/bin/helm3")
	require.NoError(t, err)
	require.FileExists(t, path, "run `make test` (or `make helm3`), which builds the pinned Helm")
	return path
}

// TestRenderingEqualsHelmTemplate needs the pinned Helm, and so a build tag.
func TestRenderingEqualsHelmTemplate(t *testing.T) {
	const kube = "v1.31.0"
	for _, c := range []struct {
		name  string
		chart string
		args  []string
		opts  Options
	}{
		{"a chart with a sub-chart, hooks and capabilities", "testdata/odd", nil, Options{}},
		{"values of every kind", "testdata/odd", []string{
			"--set", "name=by-set,list={x,y}", "--set-string", "sub.kept=true", "--set-json", `list=["j"]`, "--set-file", "file=testdata/values.yaml",
		}, Options{}},
		{"more APIs, an upgrade, a name", "testdata/odd", []string{"-a", "monitoring.coreos.com/v1", "--is-upgrade", "--name-template", "mine"}, Options{
			APIVersions: []string{"monitoring.coreos.com/v1"}, IsUpgrade: true, ReleaseName: "mine",
		}},
		{"an older Kubernetes", "testdata/odd", []string{"--kube-version", "1.26"}, Options{KubeVersion: "1.26"}},
		{"the chart of this project", coderChart, []string{"-f", "testdata/values.yaml"}, Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Chart = c.chart
			args := append([]string{"template", c.chart, "--namespace", "ns"}, c.args...)
			if c.opts.KubeVersion == "" {
				c.opts.KubeVersion = kube
				args = append(args, "--kube-version", kube)
			}
			for i := 0; i+1 < len(c.args); i++ {
				v := &c.opts.Values
				switch c.args[i] {
				case "-f":
					v.ValueFiles = append(v.ValueFiles, c.args[i+1])
				case "--set":
					v.Values = append(v.Values, c.args[i+1])
				case "--set-string":
					v.StringValues = append(v.StringValues, c.args[i+1])
				case "--set-json":
					v.JSONValues = append(v.JSONValues, c.args[i+1])
				case "--set-file":
					v.FileValues = append(v.FileValues, c.args[i+1])
				}
			}
			out, err := exec.CommandContext(t.Context(), helm(t), args...).Output()
			require.NoError(t, err)
			theirs, err := manifest.Decode(bytes.NewReader(out), "helm")
			require.NoError(t, err)
			assert.Equal(t, normal(t, theirs), normal(t, render(t, c.opts).Objects))
		})
	}
}
