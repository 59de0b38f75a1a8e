package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// upstreamDefaults is the values.yaml of the upstream chart in a release of Coder.
func upstreamDefaults(t *testing.T, modfile string) string {
	t.Helper()
	charts, err := upstream.FindRelease(t.Context(), modfile)
	require.NoError(t, err)
	text, err := charts.Values("coder")
	require.NoError(t, err)
	return string(text)
}

// reusing is this chart with the defaults of another: what `helm upgrade
// --reuse-values` renders.
func reusing(t *testing.T, defaults string) option {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "coder")
	require.NoError(t, os.CopyFS(dir, os.DirFS(chartDir)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "values.yaml"), []byte(defaults), 0o600))
	return fromChart(dir)
}

// userValues are what people set.
var userValues = []string{
	`{}`,
	`coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}]}`,
	`coder: {affinity: null, securityContext: {runAsUser: null}}`,
	`coder: {replicaCount: 2, workspaceProxy: true, drainDelaySeconds: 0, podDisruptionBudget: {enable: false}, securityContext: {runAsUser: 2000, capabilities: {add: [NET_BIND_SERVICE]}}, readinessProbe: {periodSeconds: 3}, service: {type: ClusterIP}}`,
	`coder: {workloadKind: Deployment, tolerations: [{operator: Exists}], networkPolicy: {enable: true}, podMonitor: {enable: true}, livenessProbe: {enabled: true}}`,
}

func TestDefaultsOfTheUpstreamChartAreNoneOfThisOne(t *testing.T) {
	for _, modfile := range upstream.Releases {
		t.Run(modfile, func(t *testing.T) {
			defaults := upstreamDefaults(t, modfile)
			require.NotContains(t, defaults, "podDisruptionBudget", "these are the upstream chart's")
			bothHelms(t, func(t *testing.T) {
				for _, values := range userValues {
					for _, name := range []string{"coder", "prod"} {
						want := objects(t, values, release(name), withHooks())
						got := objects(t, values, release(name), withHooks(), reusing(t, defaults))
						equalObjects(t, byKey(t, want), byKey(t, got))
					}
				}
			})
		})
	}
}

func TestAReleaseOfTheUpstreamChartThatIsTakenOverIsHighlyAvailable(t *testing.T) {
	all := objects(t, userValues[1], release("prod"), reusing(t, upstreamDefaults(t, upstream.Releases[0])))
	find[*policyv1.PodDisruptionBudget](t, all, "coder")
	pod, coder := podOf(t, all), coderOf(t, all)
	assert.Equal(t, []string{"sleep", "10"}, coder.Lifecycle.PreStop.Exec.Command)
	assert.Equal(t, []corev1.Capability{"ALL"}, coder.SecurityContext.Capabilities.Drop)
	assert.Len(t, pod.Spec.Tolerations, 2)
	assert.Len(t, pod.Spec.TopologySpreadConstraints, 1)
	terms := pod.Spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution
	require.Len(t, terms, 1)
	assert.Equal(t, "prod", terms[0].PodAffinityTerm.LabelSelector.MatchLabels["app.kubernetes.io/instance"])
}

// An earlier version of this chart had its mark, and not every key.
func TestKeysThatALaterVersionAddsHaveTheirDefaults(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	require.NoError(t, err)
	older := strings.Replace(string(text), "v"+chartVersion+": true", "v0.0.9: true", 1)
	require.NotEqual(t, string(text), older)
	for _, key := range []string{"drainDelaySeconds: 10", "unreachableTolerationSeconds: 30", "hostFrom: podIP", "unhealthyPodEvictionPolicy: AlwaysAllow"} {
		require.Contains(t, older, key)
		older = strings.Replace(older, key, "", 1)
	}
	for _, values := range userValues {
		equalObjects(t, byKey(t, objects(t, values)), byKey(t, objects(t, values, reusing(t, older))))
	}
}

func TestNullTurnsOffWithDefaultsOfAnyChart(t *testing.T) {
	taken := reusing(t, upstreamDefaults(t, upstream.Releases[0]))
	bothHelms(t, func(t *testing.T) {
		for _, options := range [][]option{nil, {taken}} {
			all := objects(t, `coder: {replicaCount: 2, workspaceProxy: true, affinity: null, drainDelaySeconds: null, podDisruptionBudget: null, unreachableTolerationSeconds: null, securityContext: {capabilities: null}}`, options...)
			assert.Nil(t, podOf(t, all).Spec.Affinity)
			assert.Empty(t, podOf(t, all).Spec.Tolerations)
			assert.Nil(t, coderOf(t, all).SecurityContext.Capabilities)
			assert.Equal(t, &corev1.Lifecycle{}, coderOf(t, all).Lifecycle)
			_, found := lookup[*policyv1.PodDisruptionBudget](t, all, "coder")
			assert.False(t, found)
		}
	})
}

func TestUnknownKeysOfAnotherChartSayHowToLeaveThemBehind(t *testing.T) {
	message := refusal(t, `{}`, reusing(t, "coder:\n  someKeyOfALaterRelease: 1\n"))
	assert.Contains(t, message, "no key coder.someKeyOfALaterRelease")
	assert.Contains(t, message, "--reset-then-reuse-values instead of --reuse-values")
}

// A template that is rendered before any other has called it sees other values.
func TestEveryTemplateReadsTheSettledValues(t *testing.T) {
	err := filepath.WalkDir(filepath.Join(chartDir, "templates"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "_") {
			return err
		}
		text, err := os.ReadFile(path)
		assert.Regexp(t, `^\{\{- include "coder-ha\.(values" \.|put" \(list \. "coder-ha\.manifest\.\w+"\)) -\}\}`, string(text), path)
		return err
	})
	require.NoError(t, err)
}
