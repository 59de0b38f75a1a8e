package gitops_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestFluxTakesTheRelease builds the folder as Flux's kustomize-controller does.
func TestFluxTakesTheRelease(t *testing.T) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), example(t, "flux"))
	require.NoError(t, err)
	text, err := built.AsYaml()
	require.NoError(t, err)
	var values, named string
	for _, object := range objects(t, string(text)) {
		switch object.GetKind() {
		case "ConfigMap":
			values = object.GetName()
			assert.Equal(t, read(t, example(t, "flux/values.yaml")), at[string](t, object, "data", "values.yaml"))
		case "HelmRelease":
			assert.Empty(t, check(t, object))
			named = at[[]any](t, object, "spec", "valuesFrom")[0].(map[string]any)["name"].(string)
			assert.DirExists(t, inCheckout(t, at[string](t, object, "spec", "chart", "spec", "chart")))
		default:
			assert.Empty(t, check(t, object))
			assert.Equal(t, "v"+chartVersion(t), at[string](t, object, "spec", "ref", "tag"))
		}
	}
	assert.Regexp(t, "^coder-values-.", values)
	assert.Equal(t, values, named, "changed values reach the release")
	validate(t, "coder", chart(t), "-n", "coder", "-f", example(t, "flux/values.yaml"), "-o", "short")
}
