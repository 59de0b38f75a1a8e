package chart_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpusCase is a values file that the chart is rendered with.
type corpusCase struct {
	name          string
	valuesFile    string
	expectedError string
}

// goldenCases are testdata/NAME.yaml, each with its testdata/NAME.golden.
func goldenCases(t *testing.T) []corpusCase {
	t.Helper()
	expectedErrors := map[string]string{
		"no_database":             "postgres-url-missing",
		"relay_is_access_url":     "relay-url-equals-access-url",
		"ingress_without_service": "coder.service.enable=true",
	}
	cases := casesOf(t, "testdata/*.yaml")
	for i, c := range cases {
		cases[i].expectedError = expectedErrors[c.name]
		delete(expectedErrors, c.name)
	}
	assert.Empty(t, expectedErrors, "expected errors without a values file")
	return cases
}

// casesOf are the values files that a pattern matches; there is at least one.
func casesOf(t *testing.T, pattern string) []corpusCase {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	var cases []corpusCase
	for _, file := range files {
		cases = append(cases, corpusCase{name: strings.TrimSuffix(filepath.Base(file), ".yaml"), valuesFile: file})
	}
	return cases
}

func (c corpusCase) goldenFile() string { return filepath.Join("testdata", c.name+".golden") }

// rendering is the case as a call of helm template: with hooks, as users see it.
func (c corpusCase) rendering(t *testing.T, place string) rendering {
	t.Helper()
	r := newRendering(t, "", []option{release("release-name"), namespace(place), withHooks()})
	r.valuesFiles = []string{c.valuesFile}
	return r
}

func TestRenderChart(t *testing.T) {
	for _, test := range goldenCases(t) {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, err := test.rendering(t, "default").run(t)
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

// testPodName is what the name of the test Pod has of what the Pod asks.
var testPodName = regexp.MustCompile(`-test-[0-9a-f]{8}`)

// TestTheNamespaceChangesNothingElse holds what a namespace changes: where the
// objects are, and the names of Services in it.
func TestTheNamespaceChangesNothingElse(t *testing.T) {
	moved := strings.NewReplacer(`namespace: "default"`, `namespace: "coder"`, ".default.svc", ".coder.svc")
	for _, test := range goldenCases(t) {
		if test.expectedError != "" {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			golden, err := os.ReadFile(test.goldenFile())
			require.NoError(t, err)
			require.Contains(t, string(golden), `namespace: "default"`)
			stdout, stderr, err := test.rendering(t, "coder").run(t)
			require.NoError(t, err, stderr)
			assert.Equal(t, testPodName.ReplaceAllString(moved.Replace(string(golden)), ""), testPodName.ReplaceAllString(stdout, ""))
		})
	}
}
