package chart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// strayPaths are the stray keys of values for a chart, with what they are meant for.
func strayPaths(loaded *chart.Chart, values map[string]any) map[string][]string {
	found := map[string][]string{}
	for _, key := range strayKeys(loaded, values, Origins{}) {
		found[key.Path] = key.Meant
	}
	return found
}

func TestKeysInTheWrongPlaceOfTheProjectsOwnChart(t *testing.T) {
	loaded, err := read(Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		values map[string]any
		want   map[string][]string
	}{
		{map[string]any{"replicaCount": 3}, map[string][]string{"replicaCount": {"coder.replicaCount"}}},
		{map[string]any{"coder": map[string]any{"host": "x"}}, map[string][]string{"coder.host": {"coder.httproute.host", "coder.ingress.host"}}},
		{map[string]any{"coder": map[string]any{"serivce": map[string]any{}}}, map[string][]string{"coder.serivce": {"coder.service"}}},
		{map[string]any{"coder": map[string]any{"ingress": map[string]any{"enabled": true}}}, map[string][]string{"coder.ingress.enabled": {"coder.ingress.enable"}}},
		// Objects of Kubernetes and of the user's.
		{map[string]any{"coder": map[string]any{
			"affinity": map[string]any{"podAffinity": 1}, "securityContext": map[string]any{"runAsUsr": 1, "privileged": true},
			"nodeSelector": map[string]any{"replicaCount": "x"}, "extra": map[string]any{"host": "x"}, "podAnnotations": map[string]any{"service": "x"},
		}}, map[string][]string{}},
		{map[string]any{"global": map[string]any{"replicaCount": 3}, "team": "a"}, map[string][]string{}},
		// The user's own template reads it.
		{map[string]any{"replicaCount": 3, "extraTemplates": []any{"{{ .Values.replicaCount }}"}}, map[string][]string{}},
	} {
		assert.Equal(t, c.want, strayPaths(loaded, c.values), "%v", c.values)
	}
}

// TestKeysInTheWrongPlaceOfAChartWithoutASchema is about charts that are like the
// upstream one.
func TestKeysInTheWrongPlaceOfAChartWithoutASchema(t *testing.T) {
	loaded := &chart.Chart{
		Metadata: &chart.Metadata{Name: "coder", Dependencies: []*chart.Dependency{{Name: "postgresql", Alias: "db"}}},
		Values: map[string]any{"coder": map[string]any{
			"replicaCount": 1, "service": map[string]any{"type": "x"},
			"affinity": map[string]any{"podAntiAffinity": map[string]any{}},
			"probe":    map[string]any{"enabled": true},
		}},
		Templates: []*chart.File{{Name: "templates/coder.yaml", Data: []byte(`
{{ .Values.coder.replicaCount }} {{ .Values.coder.service.type }} {{ toYaml .Values.coder.affinity }} {{ .Values.nameOverride }}
{{ with .Values.coder }}{{ .fromOutside }}{{ end }} {{ .Values.coder.probe.enabled }} {{ index .Values.coder "quoted" }}`)}},
	}
	for _, c := range []struct {
		values map[string]any
		want   map[string][]string
	}{
		{map[string]any{"replicaCount": 3}, map[string][]string{"replicaCount": {"coder.replicaCount"}}},
		{map[string]any{"coder": map[string]any{"replicacount": 3}}, map[string][]string{"coder.replicacount": {"coder.replicaCount"}}},
		{map[string]any{"coder": map[string]any{"service": map[string]any{"tpye": "x"}}}, map[string][]string{"coder.service.tpye": {"coder.service.type"}}},
		{map[string]any{"nameOverride": "a", "postgresql": map[string]any{"enabled": 1}, "db": 1}, map[string][]string{}},
		{map[string]any{"coder": map[string]any{"fromOutside": 1, "quoted": 1, "strategy": 1, "affinity": map[string]any{"podAffinity": 1}}}, map[string][]string{}},
	} {
		assert.Equal(t, c.want, strayPaths(loaded, c.values), "%v", c.values)
	}
}

func TestAStrayKeyNamesItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(file, []byte("# three\nreplicaCount: 3\n"), 0o600))
	opts := Options{Chart: coderChart}
	opts.Values.ValueFiles = []string{file}
	assert.Equal(t, []deployment.StrayKey{{
		Path: "replicaCount", Meant: []string{"coder.replicaCount"}, Origin: deployment.Origin{File: file, Line: 2},
	}}, render(t, opts).Stray)
}
