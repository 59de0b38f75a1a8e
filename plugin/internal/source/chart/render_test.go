package chart

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

const coderChart = "../../../../charts/coder"

func render(t *testing.T, opts Options) *Rendered {
	t.Helper()
	opts.Settings = NewSettings()
	opts.Settings.SetNamespace("ns")
	rendered, err := Render(t.Context(), opts)
	require.NoError(t, err)
	return rendered
}

// normal is an object as plain data.
func normal(t *testing.T, objects []manifest.Object) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, o := range objects {
		var data map[string]any
		require.NoError(t, o.Into(&data))
		key := cmp.Or(o.Template, o.File) + " " + o.Kind + " " + o.Name
		require.NotContains(t, out, key)
		out[key] = data
	}
	return out
}

func TestTheBundledChartIsTheOneInTheRepository(t *testing.T) {
	values := Options{KubeVersion: "v1.31.0"}
	values.Values.ValueFiles = []string{"testdata/values.yaml"}
	bundled := render(t, values)
	values.Chart = coderChart
	assert.Equal(t, normal(t, render(t, values).Objects), normal(t, bundled.Objects))
}

func TestARefusalIsKeptAndTheRestRendered(t *testing.T) {
	opts := Options{Chart: "testdata/odd"}
	opts.Values.Values = []string{"refuse=true"}
	rendered := render(t, opts)
	assert.Equal(t, "odd.refuse is true: set it to false", rendered.Refusal)
	opts.Values.Values = nil
	assert.Len(t, rendered.Objects, len(render(t, opts).Objects))
}

func TestWhatKeepsAChartFromRenderingIsSaid(t *testing.T) {
	for _, c := range []struct {
		name, want string
		opts       Options
	}{
		{"no such chart", `find chart "testdata/none"`, Options{Chart: "testdata/none"}},
		{"not a chart", `read chart "testdata"`, Options{Chart: "testdata"}},
		{"not all there", "chart incomplete lacks dependencies: found in Chart.yaml, but missing in charts/ directory: gone: run `helm dependency build testdata/incomplete` first", Options{Chart: "testdata/incomplete"}},
		{"for another Kubernetes", "chart requires kubeVersion: <1.20.0 which is incompatible with Kubernetes v1.31.0", Options{Chart: "testdata/old", KubeVersion: "v1.31.0"}},
		{"not a version", `--kube-version "new"`, Options{Chart: "testdata/odd", KubeVersion: "new"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.Settings = NewSettings()
			_, err := Render(t.Context(), c.opts)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// TestTemplatesSeeTheReleaseAndNamesOnlyIfAllowed holds what a template is given: a first
// revision, and addresses of names only with --enable-dns.
func TestTemplatesSeeTheReleaseAndNamesOnlyIfAllowed(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "templates"), 0o750))
	for name, text := range map[string]string{
		"Chart.yaml":           "{apiVersion: v2, name: seen, version: 0.1.0}",
		"templates/notes.yaml": `{apiVersion: v1, kind: ConfigMap, metadata: {name: "{{ .Release.Name }}"}, data: {revision: "{{ .Release.Revision }}", address: "{{ getHostByName "127.0.0.1" }}"}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	for allowed, address := range map[bool]string{false: "", true: "127.0.0.1"} {
		objects := render(t, Options{Chart: folder, EnableDNS: allowed}).Objects
		require.Len(t, objects, 1)
		var seen struct{ Data map[string]string }
		require.NoError(t, objects[0].Into(&seen))
		assert.Equal(t, map[string]string{"revision": "1", "address": address}, seen.Data)
	}
}

func TestOriginsNameTheUsersLine(t *testing.T) {
	opts := Options{Chart: "testdata/odd"}
	opts.Values.ValueFiles = []string{"testdata/values.yaml"}
	opts.Values.Values = []string{"coder.env[0].name=CODER_X", "coder.env[0].value=1"}
	origins := render(t, opts).Origins
	for _, c := range []struct {
		name, value, file string
		line              int
	}{
		{"CODER_ACCESS_URL", "https://coder.example.com", "testdata/values.yaml", 6},
		{"CODER_PG_CONNECTION_URL", "", "testdata/values.yaml", 7},
		{"CODER_X", "1", "--set", 0},
	} {
		file, line, ok := origins.Env(c.name, c.value)
		assert.True(t, ok, c.name)
		assert.Equal(t, c.file, file)
		assert.Equal(t, c.line, line)
	}
	_, _, ok := origins.Env("CODER_HTTP_ADDRESS", "0.0.0.0:8080")
	assert.False(t, ok)
}

func TestValuesThatDoNotFitTheSchemaAreNamedWithTheirLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(file, []byte("coder:\n  image:\n    tga: x\n  replicaCount: three\n"), 0o600))
	opts := Options{Chart: "testdata/closed", Settings: NewSettings()}
	opts.Values.ValueFiles = []string{file}
	opts.Values.Values = []string{"coder.replicas=3"}
	_, err := Render(t.Context(), opts)
	require.ErrorContains(t, err, "the values do not fit the schema of chart closed:")
	require.ErrorContains(t, err, file+":3: coder.image.tga: there is no such key")
	require.ErrorContains(t, err, file+":4: coder.replicaCount: ")
	require.ErrorContains(t, err, "\n  coder.replicas: there is no such key")
}

func TestTheProjectsOwnChartRefusesAnUnknownKeyInItsOwnWords(t *testing.T) {
	opts := Options{Chart: coderChart, Settings: NewSettings()}
	opts.Values.Values = []string{"coder.replicas=3"}
	assert.Contains(t, render(t, opts).Refusal, "The chart has no key coder.replicas (the nearest key is coder.replicaCount)")
}
