package chart_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// difference is what this chart makes otherwise than the upstream chart, on
// purpose.
type difference struct {
	// row is its name in the table of the chart's README, which gives the reason.
	row string
	// make changes what the upstream chart made of the values into what this chart
	// makes of them.
	make func(w *world, values map[string]any)
}

// differences is the whole list. What is not here must be the same.
var differences = []difference{
	{"An entry of `coder.env` with a name that the chart sets", func(w *world, _ map[string]any) {
		w.coder().Env = lastOfEachName(w.coder().Env)
	}},
	{"Anti-affinity", func(w *world, _ map[string]any) { w.ownAntiAffinity() }},
	{"Spread over zones", func(w *world, values map[string]any) {
		if at(values, "coder", "topologySpreadConstraints") == nil {
			w.zoneSpread()
		}
	}},
	{"Disruption budget", func(w *world, _ map[string]any) {
		if *w.workload.Spec.Replicas > 1 {
			w.others = append(w.others, w.budget())
		}
	}},
	{"Stopping a pod", func(w *world, _ map[string]any) { w.drainDelay() }},
	{"Liveness probe, when on", func(w *world, values map[string]any) {
		alive := w.coder().LivenessProbe
		if alive != nil && at(values, "coder", "startupProbe", "enabled") != false {
			w.coder().StartupProbe = &corev1.Probe{
				ProbeHandler: alive.ProbeHandler, PeriodSeconds: 5, FailureThreshold: 240,
			}
		}
	}},
	{"Capabilities", func(w *world, _ map[string]any) { w.noCapabilities() }},
	{"Port 6222 between replicas", func(w *world, _ map[string]any) {
		w.coder().Ports = append(w.coder().Ports, tcpPort("cluster", 6222))
		w.others = append(w.others, w.replicasService())
	}},
	{"Suffix in `coder.httproute.wildcardHost`", func(w *world, _ map[string]any) {
		for _, object := range w.others {
			if route, ok := object.(*gatewayv1.HTTPRoute); ok {
				for i, host := range route.Spec.Hostnames {
					if _, domain, found := strings.Cut(string(host), "."); found && strings.HasPrefix(string(host), "*") {
						route.Spec.Hostnames[i] = gatewayv1.Hostname("*." + domain)
					}
				}
			}
		}
	}},
}

// ofTheStatefulSet are the rows that only a workload of that kind has; as makes
// them. And one row is about values that the upstream chart does not know.
var ofTheStatefulSet = []string{"Workload", "Update of a StatefulSet", "Pod of a node that does not answer"}

const refusedRow = "Misspelled keys under `coder`"

// TestTheREADMEListsEveryDifference holds the table to the list above.
func TestTheREADMEListsEveryDifference(t *testing.T) {
	path, err := checkout.Path("charts/coder/README.md")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| | upstream | here |\n|---|---|---|\n")
	require.True(t, found, "the table is not there")
	var listed []string
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") {
			break
		}
		listed = append(listed, strings.TrimSpace(strings.Split(line, "|")[1]))
	}
	expected := append(slices.Clone(ofTheStatefulSet), refusedRow)
	for _, d := range differences {
		expected = append(expected, d.row)
	}
	assert.ElementsMatch(t, expected, listed)
}

// at is what stands at a path of the values, and nil if nothing does.
func at(values map[string]any, path ...string) any {
	var here any = values
	for _, key := range path {
		table, _ := here.(map[string]any)
		here = table[key]
	}
	return here
}

// lastOfEachName are the entries that the kubelet takes.
func lastOfEachName(env []corev1.EnvVar) []corev1.EnvVar {
	var kept []corev1.EnvVar
	for i, entry := range env {
		if !slices.ContainsFunc(env[i+1:], func(later corev1.EnvVar) bool { return later.Name == entry.Name }) {
			kept = append(kept, entry)
		}
	}
	return kept
}

// ownAntiAffinity makes the rule match the pods of this release. A rule of the
// user's stays.
func (w *world) ownAntiAffinity() {
	affinity := w.pod().Affinity
	if affinity == nil || affinity.PodAntiAffinity == nil {
		return
	}
	for i, term := range affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
		match := term.PodAffinityTerm.LabelSelector
		if term.Weight == 1 && match != nil && len(match.MatchExpressions) == 1 && match.MatchExpressions[0].Key == instanceLabel {
			affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[i] = corev1.WeightedPodAffinityTerm{
				Weight: 100,
				PodAffinityTerm: corev1.PodAffinityTerm{
					TopologyKey: "kubernetes.io/hostname", LabelSelector: w.workload.Spec.Selector,
				},
			}
		}
	}
}

const instanceLabel = "app.kubernetes.io/instance"

// zoneSpread prefers a zone of its own for each replica.
func (w *world) zoneSpread() {
	w.pod().TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone",
		WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: w.workload.Spec.Selector,
	}}
}

// drainDelay keeps a stopping pod serving, unless the user has a hook there.
func (w *world) drainDelay() {
	if w.coder().Lifecycle == nil {
		w.coder().Lifecycle = &corev1.Lifecycle{}
	}
	if w.coder().Lifecycle.PreStop == nil {
		w.coder().Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep", "10"}}}
	}
}

// noCapabilities drops them all, unless the user says which.
func (w *world) noCapabilities() {
	if w.coder().SecurityContext == nil {
		w.coder().SecurityContext = &corev1.SecurityContext{}
	}
	context := w.coder().SecurityContext
	if context.Capabilities == nil {
		context.Capabilities = &corev1.Capabilities{}
	}
	if context.Capabilities.Drop == nil {
		context.Capabilities.Drop = []corev1.Capability{"ALL"}
	}
}
