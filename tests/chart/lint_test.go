package chart_test

import (
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ciValues are the files with which chart-testing would lint and install.
func ciValues(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*-values.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func lint(t *testing.T) {
	t.Helper()
	for _, file := range ciValues(t) {
		output, err := helm.RunHelmCommandAndGetOutputContextE(t, renderContext(t),
			&helm.Options{Logger: logger.Discard}, "lint", "--strict", chartDir, "-f", file)
		require.NoError(t, err, output)
		assert.Contains(t, output, "1 chart(s) linted, 0 chart(s) failed")
	}
}

func TestHelm3LintFindsNothing(t *testing.T) { lint(t) }

func TestHelm4LintFindsNothing(t *testing.T) {
	withHelm4(t)
	lint(t)
}

func TestTheValuesForChartTestingRender(t *testing.T) {
	for _, file := range ciValues(t) {
		r := newRendering(t, "", []option{withHooks()})
		r.valuesFiles = []string{file}
		stdout, stderr, err := r.run(t)
		require.NoError(t, err, stderr)
		assert.NotEmpty(t, decode(t, stdout))
	}
}
