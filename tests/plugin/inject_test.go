package plugin_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// withoutAdded drops from a result the lines that inject adds to env lists in block
// style. Each is said to occur once.
func withoutAdded(t *testing.T, result string) string {
	t.Helper()
	var kept strings.Builder
	dropped := 0
	value := false
	for line := range strings.Lines(result) {
		text := strings.TrimSpace(line)
		name := slices.Contains([]string{"- name: KUBE_POD_IP", "- name: CODER_DERP_SERVER_RELAY_URL", "- name: CODER_CLUSTER_HOST"}, text)
		switch {
		case name:
			dropped++
		case value:
			assert.Contains(t, []string{"valueFrom: {fieldRef: {fieldPath: status.podIP}}", "value: http://$(KUBE_POD_IP):8080", "value: http://[$(KUBE_POD_IP)]:8080"}, text)
		default:
			kept.WriteString(line)
		}
		value = name
	}
	assert.Equal(t, 3, dropped)
	return kept.String()
}

// TestInjectRepairsWhatTheUpstreamChartWouldBeWithout renders Coder's own chart
// without the environment of the relay, with the values of its tests and with values
// as people have them: three entries are added, every other byte stays, and validate
// finds what it finds with the chart as it is.
func TestInjectRepairsWhatTheUpstreamChartWouldBeWithout(t *testing.T) {
	whole, bare := upstreamCharts(t)
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	theirs, err := charts.TestValues("coder")
	require.NoError(t, err)
	ours, err := filepath.Glob("../chart/testdata/upstream/*.yaml")
	require.NoError(t, err)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	for _, file := range slices.Concat(theirs, ours) {
		name := filepath.Base(file)
		if slices.Contains(notCoderd, name) || slices.Contains(ownRelay, name) {
			continue
		}
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			h := newHelm(t, path)
			before := h.template(t, bare, file)
			after := h.inject(t, before)
			require.Equal(t, 0, after.Code, after.Stderr)
			assert.Equal(t, before, withoutAdded(t, after.Stdout))
			want := parseReport(t, h.validate(t, h.template(t, whole, file)).Stdout).errors()
			assert.Equal(t, want, parseReport(t, h.validate(t, after.Stdout).Stdout).errors())
			again := h.inject(t, after.Stdout)
			assert.Equal(t, after.Stdout, again.Stdout, "a second run changes something")
		})
	}
}

// ownRelay are the values files that set a relay URL or a cluster host themselves.
var ownRelay = []string{"own_entries_win.yaml"}

// inject runs the filter on manifests.
func (h helm) inject(t *testing.T, manifests string) command.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifests.yaml")
	require.NoError(t, writeFile(file, manifests))
	return h.alone(t, "inject", "-n", "coder", "-f", file)
}

// TestInjectTakesTenMegabytes gives inject the manifests of a whole cluster, within
// the memory that it has by default.
func TestInjectTakesTenMegabytes(t *testing.T) {
	const megabytes = 10
	var stream strings.Builder
	for i := 0; stream.Len() < megabytes<<20; i++ {
		fmt.Fprintf(&stream, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: dashboard-%d   # generated\n  namespace: monitoring\ndata:\n  dashboard.json: |\n%s",
			i, strings.Repeat("    {\"title\": \"requests\", \"expr\": \"sum(rate(http_requests_total[5m])) by (code)\"},\n", 12))
	}
	before := stream.String() + "---\n" + strings.ReplaceAll(readPage(t).files["coder.yaml"], "\n", "\r\n")
	file := filepath.Join(t.TempDir(), "cluster.yaml")
	require.NoError(t, writeFile(file, before))
	path, err := checkout.Plugin()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	got, err := command.Command{Path: path, Args: []string{"inject", "-f", file}, Env: command.Environment(t.TempDir())}.Run(ctx)
	require.NoError(t, err)
	require.Equal(t, 0, got.Code, got.Stderr)
	assert.Zero(t, strings.Compare(before, withoutAdded(t, got.Stdout)), "a byte outside of the change is another one")
}
