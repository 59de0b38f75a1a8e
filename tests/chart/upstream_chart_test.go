package chart_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// upstreamChart writes Coder's own chart into a folder, with the versions of this
// chart, which stand in labels and in the image.
func upstreamChart(t *testing.T) (upstream.Charts, string) {
	t.Helper()
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	dir, err := charts.Write(t.TempDir(), "coder", upstream.Version{Chart: chartVersion, App: appVersion})
	require.NoError(t, err)
	return charts, dir
}

// upstreamValues are the values files of the upstream chart's own tests and those
// in testdata/upstream, which are like the ones that people have.
func upstreamValues(t *testing.T, charts upstream.Charts) []string {
	t.Helper()
	theirs, err := charts.TestValues("coder")
	require.NoError(t, err)
	ours, err := filepath.Glob("testdata/upstream/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, ours)
	return slices.Concat(theirs, ours)
}

// TestValuesOfTheUpstreamChartHaveTheSameEffect renders Coder's own chart and this
// one with the same values, and compares every object. Only the listed differences
// may be, and each of them must be seen.
func TestValuesOfTheUpstreamChartHaveTheSameEffect(t *testing.T) {
	charts, dir := upstreamChart(t)
	var seen sync.Map
	t.Run("values", func(t *testing.T) {
		for _, file := range upstreamValues(t, charts) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				compareWithUpstream(t, dir, string(text), "StatefulSet", &seen, release("coder"), namespace("coder"))
				compareWithUpstream(t, dir, string(text), "Deployment", &seen, release("release-name"), namespace("default"))
			})
		}
	})
	for _, d := range differences {
		_, ok := seen.Load(d.row)
		assert.True(t, ok, "no values show the difference %q", d.row)
	}
}

func compareWithUpstream(t *testing.T, dir, text, kind string, seen *sync.Map, place ...option) {
	t.Helper()
	values := valuesOf(t, text)
	// The upstream chart's own values have a field that Kubernetes does not know.
	rendered := func(more option) []runtime.Object {
		return decodeWith(t, lenient, render(t, text, append(slices.Clip(place), more)...))
	}
	want := worldOf(t, rendered(fromChart(dir)))
	for _, d := range differences {
		before := byKey(t, want.as("Deployment"))
		d.make(want, values)
		if !maps.Equal(before, byKey(t, want.as("Deployment"))) {
			seen.Store(d.row, true)
		}
	}
	got := rendered(set("coder.workloadKind=" + kind))
	equalObjects(t, byKey(t, withEffectiveEnv(t, want.as(kind))), byKey(t, withEffectiveEnv(t, got)))
}

// valuesOf reads a values file.
func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	var values map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &values))
	return values
}

// worldOf sorts what was rendered.
func worldOf(t *testing.T, all []runtime.Object) *world {
	t.Helper()
	w := &world{}
	for _, object := range all {
		switch object := object.(type) {
		case *appsv1.Deployment:
			require.Nil(t, w.workload, "two Deployments")
			w.workload = object
		default:
			w.others = append(w.others, object)
		}
	}
	require.NotNil(t, w.workload)
	return w
}

// withEffectiveEnv puts in the place of each environment what the kubelet makes of
// it, by name: order counts only as far as $(NAME) sees it.
func withEffectiveEnv(t *testing.T, all []runtime.Object) []runtime.Object {
	t.Helper()
	for _, object := range all {
		switch workload := object.(type) {
		case *appsv1.StatefulSet:
			resolveEnv(t, &workload.Spec.Template.Spec)
		case *appsv1.Deployment:
			resolveEnv(t, &workload.Spec.Template.Spec)
		}
	}
	return all
}

func resolveEnv(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	for i := range pod.Containers {
		container := &pod.Containers[i]
		values := map[string]string{}
		for _, entry := range container.Env {
			require.NotContains(t, values, entry.Name, "a name that stands twice")
			values[entry.Name] = expand(entry.Value, values)
			if entry.ValueFrom != nil {
				source, err := yaml.Marshal(entry.ValueFrom)
				require.NoError(t, err)
				values[entry.Name] = "<" + string(source) + ">"
			}
		}
		container.Env = nil
		for _, name := range slices.Sorted(maps.Keys(values)) {
			container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: values[name]})
		}
	}
}

// expand puts values in the place of $(NAME), as the kubelet does; $$ is a $.
func expand(text string, values map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(strings.TrimPrefix(rest, "("), ")")
		value, known := values[name]
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteString("$")
			text = rest[1:]
		case strings.HasPrefix(rest, "(") && closed && known:
			out.WriteString(value)
			text = after
		default:
			out.WriteString("$")
			text = rest
		}
	}
}

func TestAMisspelledKeyIsIgnoredUpstreamAndRefusedHere(t *testing.T) {
	_, dir := upstreamChart(t)
	const values = `coder: {replicas: 3}`
	assert.EqualValues(t, 1, *worldOf(t, objects(t, values, fromChart(dir))).workload.Spec.Replicas)
	assert.Contains(t, refusal(t, values), "replicas")
}

// TestEveryValueOfTheUpstreamChartIsTried fails when a newer upstream chart has a
// value that no file here sets.
func TestEveryValueOfTheUpstreamChartIsTried(t *testing.T) {
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	text, err := charts.Values("coder")
	require.NoError(t, err)
	tried := map[string]bool{}
	for _, file := range upstreamValues(t, charts) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, path := range paths(t, text) {
			tried[path] = true
		}
	}
	for _, path := range paths(t, text) {
		assert.True(t, tried[path], "no values file sets %s", path)
	}
}

// paths are the dotted names of all values in a text, the maps among them too.
func paths(t *testing.T, text []byte) []string {
	t.Helper()
	var all []string
	var walk func(prefix string, values map[string]any)
	walk = func(prefix string, values map[string]any) {
		for key, value := range values {
			path := fmt.Sprint(prefix, key)
			all = append(all, path)
			if below, ok := value.(map[string]any); ok {
				walk(path+".", below)
			}
		}
	}
	walk("", valuesOf(t, string(text)))
	slices.Sort(all)
	return all
}
