package plugin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// relayEnv is the part of Coder's own chart that makes the relay URL.
var relayEnv = regexp.MustCompile(`(?ms)^# Used for inter-pod communication.*?^(\{\{- include "coder\.tlsEnv)`)

// upstreamCharts are Coder's own chart, and the same without the environment of the
// relay, as other charts are.
func upstreamCharts(t *testing.T) (whole, bare string) {
	t.Helper()
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	as := upstream.Version{Chart: "2.36.1", App: "2.36.1"}
	whole, err = charts.Write(t.TempDir(), "coder", as)
	require.NoError(t, err)
	bare, err = charts.Write(t.TempDir(), "coder", as)
	require.NoError(t, err)
	template := filepath.Join(bare, "templates", "_coder.tpl")
	text, err := os.ReadFile(template)
	require.NoError(t, err)
	without := relayEnv.ReplaceAll(text, []byte("$1"))
	require.NotEqual(t, string(text), string(without), "Coder's chart makes the relay URL elsewhere now")
	require.NoError(t, os.WriteFile(template, without, 0o600))
	return whole, bare
}

// postRenderer is what to name as --post-renderer: in Helm 3 a file, in Helm 4 a
// plugin.
func (h helm) postRenderer(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(command.PluginsDir(h.home), "*", "postrenderer", "post-renderer"))
	require.NoError(t, err)
	if strings.HasSuffix(h.path, "helm4") {
		return "coder-ha-inject"
	}
	require.Len(t, found, 1)
	return found[0]
}

// rendered is what Helm makes of a chart with two values files, and its
// post-renderer of that.
func (h helm) rendered(t *testing.T, chart string, flags ...string) command.Result {
	t.Helper()
	args := []string{"template", "coder", chart, "-n", "coder", "-f", "../chart/testdata/upstream/high_availability.yaml"}
	return h.run(t, append(args, flags...)...)
}

func TestInjectIsAPostRenderer(t *testing.T) {
	whole, bare := upstreamCharts(t)
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		if strings.HasSuffix(h.path, "helm4") {
			dir, err := checkout.Path("plugin/postrenderer")
			require.NoError(t, err)
			installed := h.run(t, "plugin", "install", dir)
			require.Equal(t, 0, installed.Code, installed.Stderr)
		}
		renderer := h.postRenderer(t)
		t.Run("it adds what a chart leaves out", func(t *testing.T) {
			before := h.rendered(t, bare)
			require.Equal(t, 0, before.Code, before.Stderr)
			require.NotContains(t, before.Stdout, "RELAY_URL")
			after := h.rendered(t, bare, "--post-renderer", renderer)
			require.Equal(t, 0, after.Code, after.Stderr)
			assert.Contains(t, after.Stdout, `        - name: KUBE_POD_IP
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
        - name: CODER_DERP_SERVER_RELAY_URL
          value: http://$(KUBE_POD_IP):8080
        - name: CODER_CLUSTER_HOST
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
`)
			assert.Empty(t, parseReport(t, h.validate(t, after.Stdout).Stdout).errors())
		})
		t.Run("it changes nothing that is right", func(t *testing.T) {
			before, after := h.rendered(t, whole), h.rendered(t, whole, "--post-renderer", renderer)
			require.Equal(t, 0, after.Code, after.Stderr)
			// Helm 4 writes post-rendered manifests anew.
			if !strings.HasSuffix(h.path, "helm4") {
				assert.Equal(t, before.Stdout, after.Stdout)
			}
			assert.Equal(t, 1, strings.Count(after.Stdout, "name: KUBE_POD_IP"))
		})
		t.Run("it stops what is wrong, and corrects it by force", func(t *testing.T) {
			wrong := []string{"--set", "coder.env[0].name=CODER_DERP_SERVER_RELAY_URL,coder.env[0].value=http://localhost:8080", "--post-renderer", renderer}
			stopped := h.rendered(t, bare, wrong...)
			assert.NotEqual(t, 0, stopped.Code)
			assert.Empty(t, stopped.Stdout)
			// Helm 4 does not hand on what a post-renderer says.
			if !strings.HasSuffix(h.path, "helm4") {
				assert.Contains(t, stopped.Stderr, "relay-url-loopback")
			}
			corrected := h.rendered(t, bare, append(wrong, "--post-renderer-args", "--force")...)
			require.Equal(t, 0, corrected.Code, corrected.Stderr)
			assert.Contains(t, corrected.Stdout, "value: http://$(KUBE_POD_IP):8080")
			assert.NotContains(t, corrected.Stdout, "localhost")
		})
	})
}
