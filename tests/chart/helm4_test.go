package chart_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestHelm3AndHelm4RenderTheSameObjects renders every values file of the project.
// The two Helms differ in how they treat nulls, versions and blank lines; the
// objects must not.
func TestHelm3AndHelm4RenderTheSameObjects(t *testing.T) {
	cases := goldenCases(t)
	for _, folder := range []string{"docs/examples", "charts/coder/ci"} {
		path, err := checkout.Path(folder)
		require.NoError(t, err)
		cases = append(cases, casesOf(t, filepath.Join(path, "*-values.yaml"))...)
	}
	helm3 := make(map[string]map[string]string, len(cases))
	for _, test := range cases {
		if test.expectedError != "" {
			continue
		}
		stdout, stderr, err := test.rendering(t, "coder").run(t)
		require.NoError(t, err, stderr)
		helm3[test.valuesFile] = byKey(t, decode(t, stdout))
		require.NotEmpty(t, helm3[test.valuesFile])
	}
	withHelm4(t)
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, err := test.rendering(t, "coder").run(t)
			if test.expectedError != "" {
				require.Error(t, err)
				assert.Contains(t, stderr, test.expectedError)
				return
			}
			require.NoError(t, err, stderr)
			equalObjects(t, helm3[test.valuesFile], byKey(t, decode(t, stdout)))
		})
	}
}

func TestHelm4TakesNullsAndRefusesMisspelledKeysToo(t *testing.T) {
	withHelm4(t)
	assert.Contains(t, refusal(t, `coder: {misspelled: 1}`), "no key coder.misspelled")
	assert.Nil(t, podOf(t, objects(t, `coder: {affinity: null}`)).Spec.Affinity)
	assert.Nil(t, podOf(t, objects(t, `coder: {affinity: {podAntiAffinity: null}}`)).Spec.Affinity.PodAntiAffinity)
	assert.NotEmpty(t, podOf(t, objects(t, `coder: {topologySpreadConstraints: null}`)).Spec.TopologySpreadConstraints)
	assert.Empty(t, podOf(t, objects(t, `coder: {topologySpreadConstraints: []}`)).Spec.TopologySpreadConstraints)
}
