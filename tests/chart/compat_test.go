package chart_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// compatCase is a values file as it would be written for the upstream chart.
type compatCase struct {
	name   string
	values string
	// upstream changes the world as the upstream chart would.
	upstream func(w *world)
	// ours changes it where this chart differs for this case, after its general
	// additions.
	ours func(w *world)
}

// checkCompat renders each case for both kinds of workload and for two releases,
// and compares every object.
func checkCompat(t *testing.T, cases []compatCase) {
	t.Helper()
	places := []struct{ release, namespace string }{{"coder", "coder"}, {"release-name", "default"}}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			for _, place := range places {
				for _, kind := range []string{"StatefulSet", "Deployment"} {
					t.Run(kind+" "+place.release, func(t *testing.T) {
						want := upstreamWorld(place.release, place.namespace)
						if test.upstream != nil {
							test.upstream(want)
						}
						want.better(valuesOf(t, test.values))
						if test.ours != nil {
							test.ours(want)
						}
						got := objects(t, test.values, release(place.release), namespace(place.namespace),
							set("coder.workloadKind="+kind))
						equalObjects(t, byKey(t, want.as(kind)), byKey(t, got))
					})
				}
			}
		})
	}
}

// equalObjects shows the first difference of each object by itself.
func equalObjects(t *testing.T, want, got map[string]string) {
	t.Helper()
	assert.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), "the objects there are")
	for key, text := range got {
		if _, expected := want[key]; expected {
			assert.Equal(t, want[key], text, key)
		}
	}
}
