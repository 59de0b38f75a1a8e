package gitops_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// definitions are the files of the modules that tests/gitops/crds pins.
var definitions = map[string]string{
	"Application":   "github.com/argoproj/argo-cd/v3/manifests/crds/application-crd.yaml",
	"HelmRelease":   "github.com/fluxcd/helm-controller/config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml",
	"GitRepository": "github.com/fluxcd/source-controller/config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml",
}

// check holds an object to the definition of its kind, as the API server does:
// unknown fields and values out of bounds. It gives what the API server would say.
func check(t *testing.T, object unstructured.Unstructured) []string {
	t.Helper()
	var crd apiextensionsv1.CustomResourceDefinition
	require.NoError(t, yaml.Unmarshal([]byte(read(t, definition(t, object.GetKind()))), &crd))
	for _, version := range crd.Spec.Versions {
		if crd.Spec.Group+"/"+version.Name != object.GetAPIVersion() {
			continue
		}
		require.True(t, version.Served, object.GetAPIVersion())
		var internal apiextensions.CustomResourceValidation
		require.NoError(t, apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema, &internal, nil))
		structural, err := schema.NewStructural(internal.OpenAPIV3Schema)
		require.NoError(t, err)
		validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
		require.NoError(t, err)
		var said []string
		for _, problem := range validation.ValidateCustomResource(nil, object.Object, validator) {
			said = append(said, problem.Error())
		}
		unknown := pruning.PruneWithOptions(object.DeepCopy().Object, structural, true,
			schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
		for _, path := range unknown {
			said = append(said, "unknown field "+path)
		}
		return said
	}
	return []string{"no version " + object.GetAPIVersion()}
}

// definition is the file that defines a kind.
func definition(t *testing.T, kind string) string {
	t.Helper()
	file := definitions[kind]
	require.NotEmpty(t, file, kind)
	module := strings.Join(strings.Split(file, "/")[:3], "/")
	if strings.HasPrefix(file, module+"/v3/") {
		module += "/v3"
	}
	download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	download.Dir = inCheckout(t, "tests/gitops/crds")
	out, err := download.Output()
	require.NoError(t, err, string(out))
	var found struct{ Dir string }
	require.NoError(t, json.Unmarshal(out, &found))
	return filepath.Join(found.Dir, strings.TrimPrefix(file, module))
}

func TestTheDefinitionsRefuseWhatTheyDoNotKnow(t *testing.T) {
	app := objects(t, read(t, example(t, "argocd/application.yaml")))[0]
	require.NoError(t, unstructured.SetNestedField(app.Object, "x", "spec", "syncPolicy", "automatic"))
	assert.Equal(t, []string{"unknown field spec.syncPolicy.automatic"}, check(t, app))
	require.NoError(t, unstructured.SetNestedField(app.Object, "x", "spec", "sources"))
	assert.NotEmpty(t, check(t, app))
}
