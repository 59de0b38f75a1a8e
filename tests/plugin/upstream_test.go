package plugin_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// wrongUpstream are the values files that deserve a finding of severity error.
var wrongUpstream = map[string][]string{
	"auto_access_url_3.yaml": {"access-url-missing"}, // no URL at all: coderd opens a tunnel
	"probes_disabled.yaml":   {"readiness-probe"},
	"no_permissions.yaml":    {"readiness-probe"}, // it turns the probe off too
}

// notCoderd are those whose pods run a workspace proxy, or coder with words that are
// no command of it.
var notCoderd = []string{"workspace_proxy.yaml", "workspace_proxies.yaml", "command_args.yaml"}

// TestTheUpstreamChartWithRightValuesStaysClean renders Coder's own chart with the
// values of its tests and with values as people have them.
func TestTheUpstreamChartWithRightValuesStaysClean(t *testing.T) {
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	dir, err := charts.Write(t.TempDir(), "coder", upstream.Version{Chart: "2.36.1", App: "2.36.1"})
	require.NoError(t, err)
	theirs, err := charts.TestValues("coder")
	require.NoError(t, err)
	ours, err := filepath.Glob("../chart/testdata/upstream/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, ours)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	for _, file := range slices.Concat(theirs, ours) {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			h := newHelm(t, path)
			got := h.validate(t, h.template(t, dir, file))
			if slices.Contains(notCoderd, name) {
				assert.Equal(t, 2, got.Code)
				assert.Contains(t, got.Stderr, notCoderServer)
				return
			}
			assert.Equal(t, wrongUpstream[name], parseReport(t, got.Stdout).errors(), got.Stdout)
		})
	}
}

// TestCodersOtherChartsBesideCoderdChangeNothing puts what the charts of the
// external provisioners and of the AI gateway make into one file with coderd.
func TestCodersOtherChartsBesideCoderdChangeNothing(t *testing.T) {
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, path)
	var all strings.Builder
	for chart, values := range map[string]string{
		"coder":       "../chart/testdata/upstream/high_availability.yaml",
		"provisioner": charts.TestValuesFile("provisioner", "provisionerd_psk"),
		"ai-gateway":  charts.TestValuesFile("ai-gateway", "custom"),
	} {
		dir, err := charts.Write(t.TempDir(), chart, upstream.Version{Chart: "2.36.1", App: "2.36.1"})
		require.NoError(t, err)
		all.WriteString(h.template(t, dir, values) + "\n---\n")
	}
	require.Equal(t, 3, strings.Count(all.String(), "kind: Deployment"))
	r := parseReport(t, h.validate(t, all.String()).Stdout)
	assert.Equal(t, []string{"drain-delay", "disruption-budget", "resources-small"}, r.failed(), "the upstream chart makes neither hook nor budget")
	assert.Empty(t, r.errors())
	assert.Len(t, r.Deployment.Replicas, 3)
}

// template is what Helm makes of a chart and a values file.
func (h helm) template(t *testing.T, chart, values string) string {
	t.Helper()
	rendered := h.run(t, "template", "coder", chart, "-n", "coder", "-f", values)
	require.Equal(t, 0, rendered.Code, rendered.Stderr)
	return rendered.Stdout
}

// validate judges manifests.
func (h helm) validate(t *testing.T, manifests string) command.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	require.NoError(t, writeFile(file, manifests))
	return h.alone(t, "validate", "--manifest", file, "-n", "coder", "-o", "json")
}

// errors lists the ids of the checks that failed with severity error.
func (r report) errors() []string {
	var ids []string
	for _, c := range r.Checks {
		if c.Status == "failed" && c.Severity == "error" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}
