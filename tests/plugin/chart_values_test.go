package plugin_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestOurChartWithTheValuesOfEachShapeStaysClean renders the chart of this repository
// with each values file of its own.
func TestOurChartWithTheValuesOfEachShapeStaysClean(t *testing.T) {
	path, err := checkout.Helm3()
	require.NoError(t, err)
	chart, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	var files []string
	for _, pattern := range []string{"charts/coder/ci/*-values.yaml", "docs/examples/*-values.yaml"} {
		found, err := checkout.Path(pattern)
		require.NoError(t, err)
		matches, err := filepath.Glob(found)
		require.NoError(t, err)
		require.NotEmpty(t, matches, pattern)
		files = append(files, matches...)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), "-values.yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHelm(t, path)
			got := h.validate(t, h.template(t, chart, file))
			if name == "proxy" {
				assert.Equal(t, 2, got.Code)
				assert.Contains(t, got.Stderr, notCoderServer)
				return
			}
			r := parseReport(t, got.Stdout)
			assert.Empty(t, r.errors(), got.Stdout)
			for _, replica := range r.Deployment.Replicas {
				assert.NotContains(t, replica.Name, "provisioner")
			}
		})
	}
}

// The chart cannot look at what a patch does; validate can.
func TestAMistakeInAPatchIsFound(t *testing.T) {
	path, err := checkout.Helm3()
	require.NoError(t, err)
	chart, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	h := newHelm(t, path)
	right := filepath.Join(chart, "ci", "ha-values.yaml")
	values := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, writeFile(values, `
patches:
  - target: {kind: StatefulSet}
    json: [{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: CODER_DERP_SERVER_RELAY_URL, value: "https://coder.example.com"}}]
  - target: {kind: PodDisruptionBudget}
    merge: {spec: {maxUnavailable: 0}}
`))
	got := h.alone(t, "validate", "coder", chart, "-n", "coder", "-f", right, "-f", values, "-o", "json")
	assert.Equal(t, 1, got.Code, got.Stderr)
	failed := parseReport(t, got.Stdout).failed()
	for _, id := range []string{"relay-url-equals-access-url", "disruption-budget"} {
		assert.True(t, slices.Contains(failed, id), "%s is not among %v", id, failed)
	}
}

// TestPoolsOfProvisionersChangeNothingOfTheVerdict compares with the same values
// without the pools.
func TestPoolsOfProvisionersChangeNothingOfTheVerdict(t *testing.T) {
	path, err := checkout.Helm3()
	require.NoError(t, err)
	chart, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	h := newHelm(t, path)
	pools := filepath.Join(chart, "ci", "provisioners-values.yaml")
	with := parseReport(t, h.alone(t, "validate", "coder", chart, "-n", "coder", "-f", pools, "-o", "json").Stdout)
	without := parseReport(t, h.alone(t, "validate", "coder", chart, "-n", "coder", "-f", pools, "--set-json", "provisionerDaemon.pools=[]", "-o", "json").Stdout)
	assert.Equal(t, without, with)
	assert.Len(t, with.Deployment.Replicas, 3)
}
