package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestTheAPIServersDefaultsAreThoseOfThePlugin has the API server fill in what
// manifests leave out. The plugin must read the same before and after.
func TestTheAPIServersDefaultsAreThoseOfThePlugin(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, shared, nameOf(t))
	w.defineAPIs()
	var names, manifests []string
	add := func(name, manifest string) {
		before, after := w.defaulted(manifest)
		names, manifests = append(names, name), append(manifests, before, after)
	}
	shapes, err := filepath.Glob("testdata/shapes/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, shapes)
	for _, shape := range shapes {
		text, err := os.ReadFile(shape)
		require.NoError(t, err)
		add(shape, string(text))
	}
	for _, file := range exampleFiles(t) {
		name, err := filepath.Rel(root, file)
		require.NoError(t, err)
		if strings.Contains(name, "ipv6") {
			continue // An IPv4 cluster refuses its Services.
		}
		if strings.HasSuffix(name, "proxy-values.yaml") {
			continue // It makes a workspace proxy, of which the plugin has no model.
		}
		values, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, kind := range []string{"StatefulSet", "Deployment"} {
			if kind == "Deployment" && strings.Contains(string(values), "kind: StatefulSet") {
				continue // It patches the other workload.
			}
			options := w.options()
			options.ValuesFiles, options.SetValues = []string{file}, nil
			manifest, err := helm.RunHelmCommandAndGetStdOutE(t, options, "template", release, chart(), "-f", file, "--no-hooks", "--set", "coder.workloadKind="+kind)
			require.NoError(t, err)
			add(name+" "+kind, manifest)
		}
	}
	models := w.readModels(manifests...)
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, withoutOrigins(t, models[2*i+1]), withoutOrigins(t, models[2*i]), "what the plugin reads of what the API server has, and of the manifests")
		})
	}
}

// defaulted are the objects of a manifest as they are, and as the API server would
// keep them, as two manifests.
func (w *world) defaulted(manifest string) (before, after string) {
	w.t.Helper()
	for _, object := range w.objectsOf(manifest) {
		kept, err := w.tryCreate(*object.DeepCopy())
		require.NoError(w.t, err, "%s %s", object.GetKind(), object.GetName())
		withoutAllocated(kept, object)
		before += document(w.t, object.Object)
		after += document(w.t, kept.Object)
	}
	return before, after
}

// withoutAllocated takes out of a kept object what the cluster chose for it: no
// manifest can tell.
func withoutAllocated(kept *unstructured.Unstructured, written unstructured.Unstructured) {
	kept.SetNamespace(written.GetNamespace())
	if kept.GetKind() != "Service" {
		return
	}
	for _, field := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"} {
		if _, has, _ := unstructured.NestedFieldNoCopy(written.Object, "spec", field); !has {
			unstructured.RemoveNestedField(kept.Object, "spec", field)
		}
	}
}

// withoutOrigins is a model without the places from which it was read.
func withoutOrigins(t *testing.T, read json.RawMessage) string {
	t.Helper()
	var content any
	require.NoError(t, json.Unmarshal(read, &content))
	var strip func(any)
	strip = func(content any) {
		switch content := content.(type) {
		case map[string]any:
			delete(content, "origin")
			for _, value := range content {
				strip(value)
			}
		case []any:
			for _, value := range content {
				strip(value)
			}
		}
	}
	strip(content)
	text, err := json.MarshalIndent(content, "", " ")
	require.NoError(t, err)
	return string(text)
}
