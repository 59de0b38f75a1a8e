package chart

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// TestTheChartWiresAReplicaAsRemediesSay holds the chart's environment to the
// wiring that remedies are written from, in both IP families.
func TestTheChartWiresAReplicaAsRemediesSay(t *testing.T) {
	for family, ipv6 := range map[string]bool{"IPv4": false, "IPv6": true} {
		t.Run(family, func(t *testing.T) {
			opts := Options{Settings: NewSettings()}
			opts.Values.JSONValues = []string{
				`coder.env=[{"name":"CODER_PG_CONNECTION_URL","valueFrom":{"secretKeyRef":{"name":"coder-db-url","key":"url"}}}]`,
			}
			opts.Values.Values = []string{"coder.replicaCount=3", "coder.singleStackIPv6=" + map[bool]string{false: "false", true: "true"}[ipv6]}
			rendered, err := Render(t.Context(), opts)
			require.NoError(t, err)
			require.Empty(t, rendered.Refusal)
			var workload appsv1.StatefulSet
			for _, o := range rendered.Objects {
				if o.Kind == "StatefulSet" {
					require.NoError(t, o.Into(&workload))
				}
			}
			at := map[string]int{}
			env := workload.Spec.Template.Spec.Containers[0].Env
			for i, e := range env {
				at[e.Name] = i
			}
			last := -1
			for _, want := range coder.RelayWiring(8080, ipv6) {
				i, has := at[want.Name]
				require.True(t, has, want.Name)
				assert.Equal(t, want, entryOf(env[i]))
				assert.Greater(t, i, last, "%s stands behind what it refers to", want.Name)
				last = i
			}
			for _, want := range append(coder.ClusterHostWiring(), coder.DatabaseWiring("coder-db-url", "url")...) {
				assert.Equal(t, want, entryOf(env[at[want.Name]]))
			}
		})
	}
}

func entryOf(e corev1.EnvVar) coder.Entry {
	out := coder.Entry{Name: e.Name, Value: e.Value}
	if e.ValueFrom != nil && e.ValueFrom.FieldRef != nil {
		out.FieldPath = e.ValueFrom.FieldRef.FieldPath
	}
	if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
		out.Secret, out.Key = e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key
	}
	return out
}
