package plugin_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// packaged runs `make package` for this machine's platform only, with the given
// make variables, and returns the folder with what a release publishes.
func packaged(t *testing.T, variables ...string) string {
	t.Helper()
	root, err := checkout.Path(".")
	require.NoError(t, err)
	dist := t.TempDir()
	args := []string{
		"-C", root, "--no-print-directory", "package",
		"DIST=" + dist, "PLATFORMS=" + runtime.GOOS + "-" + runtime.GOARCH,
	}
	build := exec.CommandContext(t.Context(), "make", append(args, variables...)...)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return dist
}

// only finds the one file that matches a pattern.
func only(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, pattern)
	return found[0]
}

func TestThePackagesInstall(t *testing.T) {
	dist := packaged(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Helm 3 knows an archive by its content type.
		w.Header().Set("Content-Type", "application/gzip")
		http.ServeFile(w, r, filepath.Join(dist, filepath.Base(r.URL.Path)))
	}))
	defer server.Close()

	helm3 := server.URL + "/" + filepath.Base(only(t, dist, "coder-ha-helm3-*.tgz"))
	helm4 := only(t, dist, "coder-ha-[0-9]*.tgz")
	tests := []struct {
		name    string
		helm    func() (string, error)
		install []string
	}{
		{"on Helm 3 from an address", checkout.Helm3, []string{helm3}},
		{"on Helm 4 from a file", checkout.Helm4, []string{helm4, "--verify=false"}},
		{"on Helm 4 from an address", checkout.Helm4, []string{server.URL + "/" + filepath.Base(helm4), "--verify=false"}},
	}
	_, bare := upstreamCharts(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, err := test.helm()
			require.NoError(t, err)
			h := newHelm(t, path)

			installed := h.run(t, append([]string{"plugin", "install"}, test.install...)...)
			require.Equal(t, 0, installed.Code, installed.Stderr)
			assert.NotContains(t, strings.ToUpper(h.run(t, "plugin", "list").Stderr), "WARN")
			version := h.run(t, "coder-ha", "version")
			assert.Equal(t, 0, version.Code, version.Stderr)
			assert.Contains(t, version.Stdout, "coder-ha ")
			assert.Contains(t, h.run(t, "__complete", "coder-ha", "vers").Stdout, "version")

			if strings.Contains(test.name, "Helm 4") {
				beside := h.run(t, "plugin", "install", only(t, dist, "coder-ha-inject-*.tgz"), "--verify=false")
				require.Equal(t, 0, beside.Code, beside.Stderr)
			}
			rendered := h.rendered(t, bare, "--post-renderer", h.postRenderer(t))
			require.Equal(t, 0, rendered.Code, rendered.Stderr)
			assert.Contains(t, rendered.Stdout, "RELAY_URL")
		})
	}
}

func TestThePackagedChartIsTheChart(t *testing.T) {
	archive := only(t, packaged(t), "coder-[0-9]*.tgz")
	underBothHelms(t, func(t *testing.T, h helm) {
		const image = "coder.image.tag=v2.38.0"
		fromArchive := h.run(t, "template", "coder", archive, "--set", image)
		require.Equal(t, 0, fromArchive.Code, fromArchive.Stderr)
		assert.Equal(t, h.run(t, "template", "coder", chart(t), "--set", image).Stdout, fromArchive.Stdout)
	})
}

func TestThePackageListsItsDigests(t *testing.T) {
	dist := packaged(t)
	text, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	require.NoError(t, err)
	archives, err := filepath.Glob(filepath.Join(dist, "*.tgz"))
	require.NoError(t, err)
	assert.Len(t, archives, 4)
	for _, archive := range archives {
		assert.Contains(t, string(text), "  "+filepath.Base(archive)+"\n")
	}
}
