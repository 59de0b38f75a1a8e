package kube

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

func TestEachObjectGetsANamespaceAndTheCallersStayAsTheyAre(t *testing.T) {
	const service, cluster = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: ns}}\n", "{apiVersion: v1, kind: Namespace, metadata: {name: ns}}\n"
	const test = "{apiVersion: v1, kind: Pod, metadata: {name: test, namespace: ns, annotations: {helm.sh/hook: test}}}\n"
	const nowhere = "{apiVersion: v1, kind: Service, metadata: {name: b}}\n"
	for _, c := range []struct {
		name string
		text []string
		want []string
		same bool
	}{
		{"all have one", []string{service, cluster}, []string{"Service ns/a", "Namespace ns"}, true},
		{"one has none", []string{service, nowhere, cluster}, []string{"Service ns/a", "Service given/b", "Namespace ns"}, false},
		{"a test", []string{test, service}, []string{"Service ns/a"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, err := manifest.Decode(strings.NewReader(strings.Join(c.text, "---\n")), "in.yaml")
			require.NoError(t, err)
			before := words(objects)
			got := placed(objects, "given")
			assert.Equal(t, c.want, words(got))
			assert.Equal(t, before, words(objects))
			assert.Equal(t, c.same, &got[0] == &objects[0])
		})
	}
}

// words are the objects in words.
func words(objects []manifest.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.String())
	}
	return out
}
