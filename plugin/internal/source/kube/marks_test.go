package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// rendering is a workload that has $A as a variable, $B in a ConfigMap and $C
// as a flag, and what stands for $MORE.
const rendering = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: ns}
spec:
  template:
    spec:
      containers:
      - name: coder
        image: ghcr.io/coder/coder
        args: [server, --wildcard-access-url, $C]
        envFrom: [{configMapRef: {name: site}}]
        env:
        - {name: CODER_ACCESS_URL, value: "$A"}
        - {name: CODER_DERP_SERVER_RELAY_URL, value: "$(CODER_ACCESS_URL)/x"}
        - {name: PLAIN, value: "1"}$MORE
---
apiVersion: v1
kind: ConfigMap
metadata: {name: site, namespace: ns}
data: {CODER_CLUSTER_HOST: $B}
`

func rendered(t *testing.T, a, b, c, more string) []manifest.Object {
	t.Helper()
	objects, err := manifest.Decode(strings.NewReader(strings.NewReplacer("$A", a, "$B", b, "$C", c, "$MORE", more).Replace(rendering)), "in.yaml")
	require.NoError(t, err)
	return objects
}

func TestWhatDiffersInAnotherRenderingIsHiddenOrOpen(t *testing.T) {
	objects := rendered(t, "a", "b", "c", "")
	differences := manifest.Compare(objects, rendered(t, "x", "y", "z", "\n        - {name: CODER_NEW, value: n}"))
	names := []string{"CODER_ACCESS_URL", "CODER_DERP_SERVER_RELAY_URL", "CODER_CLUSTER_HOST", "CODER_WILDCARD_ACCESS_URL"}

	d, err := Build(objects, Options{Namespace: "ns", Hidden: differences})
	require.NoError(t, err)
	for _, name := range names {
		value := d.Replicas[0].Env(name)
		assert.Equal(t, deployment.Known, value.State, name)
		assert.Equal(t, "(from a Secret)", value.String(), name)
		assert.False(t, value.FromSecret, "it stands in the open: %s", name)
	}
	assert.Equal(t, "1", d.Replicas[0].Env("PLAIN").String())

	d, err = Build(objects, Options{Namespace: "ns", Open: differences, OpenWhy: "a lookup", OpenProof: "ask"})
	require.NoError(t, err)
	for _, name := range append(names, "CODER_NEW") {
		value := d.Replicas[0].Env(name)
		assert.Equal(t, deployment.Unknown, value.State, name)
		assert.Equal(t, "unknown (a lookup)", value.String(), name)
	}
	assert.Equal(t, "1", d.Replicas[0].Env("PLAIN").String())
}
