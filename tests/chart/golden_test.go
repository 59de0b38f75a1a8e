package chart_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenCase renders testdata/NAME.yaml. An empty namespace means "default".
type goldenCase struct {
	name          string
	namespace     string
	expectedError string
}

// goldenCases are rendered in two namespaces each: NAME.golden for the default
// one, NAME_coder.golden for "coder".
func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	expectedErrors := map[string]string{
		"no_database":             "postgres-url-missing",
		"relay_is_access_url":     "relay-url-equals-access-url",
		"ingress_without_service": "coder.service.enable=true",
	}
	var cases []goldenCase
	for _, file := range files {
		name := filepath.Base(file[:len(file)-len(".yaml")])
		cases = append(cases,
			goldenCase{name: name, expectedError: expectedErrors[name]},
			goldenCase{name: name, namespace: "coder", expectedError: expectedErrors[name]})
		delete(expectedErrors, name)
	}
	assert.Empty(t, expectedErrors, "expected errors without a values file")
	return cases
}

func (c goldenCase) valuesFile() string { return filepath.Join("testdata", c.name+".yaml") }

func (c goldenCase) goldenFile() string {
	if c.namespace == "" {
		return filepath.Join("testdata", c.name+".golden")
	}
	return filepath.Join("testdata", c.name+"_"+c.namespace+".golden")
}

// rendering is the case as a call of helm template: with hooks, as users see it.
func (c goldenCase) rendering(t *testing.T) rendering {
	t.Helper()
	place := c.namespace
	if place == "" {
		place = "default"
	}
	r := newRendering(t, "", []option{release("release-name"), namespace(place), withHooks()})
	r.valuesFiles = []string{c.valuesFile()}
	return r
}

func TestRenderChart(t *testing.T) {
	for _, test := range goldenCases(t) {
		t.Run(filepath.Base(test.goldenFile()), func(t *testing.T) {
			stdout, stderr, err := test.rendering(t).run(t)
			if test.expectedError != "" {
				require.Error(t, err)
				assert.Contains(t, stderr, test.expectedError)
				return
			}
			require.NoError(t, err, stderr)
			if *update {
				require.NoError(t, os.WriteFile(test.goldenFile(), []byte(stdout), 0o600))
			}
			golden, err := os.ReadFile(test.goldenFile())
			require.NoError(t, err, "go test ./chart -update writes it")
			assert.Equal(t, string(golden), stdout)
		})
	}
}
