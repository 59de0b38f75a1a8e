package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// definitions are the APIs beyond Kubernetes' own that the example values name:
// the file of each in its project's module, as tests/e2e/apis pins it.
var definitions = []struct{ module, file, groupVersion string }{
	{"sigs.k8s.io/gateway-api", "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml", "gateway.networking.k8s.io/v1"},
	{
		"github.com/prometheus-operator/prometheus-operator",
		"example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml", "monitoring.coreos.com/v1",
	},
	{
		"github.com/prometheus-operator/prometheus-operator",
		"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml", "monitoring.coreos.com/v1",
	},
}

// TestExamples puts every example values file before the API server, which
// knows the APIs that they use, and before the plugin.
func TestExamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.defineAPIs()
	for _, file := range exampleFiles(t) {
		name, err := filepath.Rel(root, file)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			options := w.options()
			options.ValuesFiles, options.SetValues = []string{file}, nil
			output, err := helm.RunHelmCommandAndGetOutputE(t, options, "install", release, chart(), "--dry-run=server", "-f", file)
			require.NoError(t, err, output)
			// Helm itself only asks for the types. The API server judges the objects.
			manifest, err := helm.RunHelmCommandAndGetStdOutE(t, options, "template", release, chart(), "--dry-run=server", "-f", file)
			require.NoError(t, err)
			refused := w.dryRun(manifest)
			if strings.Contains(name, "ipv6") {
				require.Len(t, refused, 2, "an IPv4 cluster refuses both IPv6 Services, and nothing else: %v", refused)
			} else {
				assert.Empty(t, refused)
			}
			output, code := w.plugin(w.cluster.Kubeconfig, "validate", release, chart(), "--namespace", w.ns, "--values", file)
			if strings.Contains(name, "proxy") {
				assert.Equal(t, 2, code, "a workspace proxy is not coderd, and has no replicas to judge")
				assert.Contains(t, output, "runs `coder server`")
				return
			}
			assert.Zero(t, code, output)
		})
	}
}

// dryRun asks the API server to take the objects of a manifest, strictly and
// without keeping them, and returns what it said to those that it refused.
func (w *world) dryRun(manifest string) []error {
	w.t.Helper()
	var refused []error
	for _, object := range w.objectsOf(manifest) {
		if _, err := w.tryCreate(object); err != nil {
			refused = append(refused, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		}
	}
	return refused
}

// objectsOf are the objects of a manifest; there is one at least.
func (w *world) objectsOf(manifest string) []unstructured.Unstructured {
	w.t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	var all []unstructured.Unstructured
	for {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(w.t, all)
			return all
		}
		require.NoError(w.t, err)
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}

// tryCreate is the object as the API server would keep it.
func (w *world) tryCreate(object unstructured.Unstructured) (*unstructured.Unstructured, error) {
	w.t.Helper()
	return w.resource(object).Create(w.t.Context(), &object,
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
}

// resource is where objects like this one are in the release's namespace.
func (w *world) resource(object unstructured.Unstructured) dynamic.ResourceInterface {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	client, err := dynamic.NewForConfig(config)
	require.NoError(w.t, err)
	groups, err := restmapper.GetAPIGroupResources(w.client.Discovery())
	require.NoError(w.t, err)
	kind := object.GroupVersionKind()
	mapping, err := restmapper.NewDiscoveryRESTMapper(groups).RESTMapping(kind.GroupKind(), kind.Version)
	require.NoError(w.t, err)
	return client.Resource(mapping.Resource).Namespace(w.ns)
}

// defineAPIs makes the definitions known, until the test ends. One that the
// cluster had before stays as it was.
func (w *world) defineAPIs() {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	client, err := dynamic.NewForConfig(config)
	require.NoError(w.t, err)
	crds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, definition := range definitions {
		text, err := os.ReadFile(filepath.Join(moduleDir(w.t, definition.module), definition.file))
		require.NoError(w.t, err)
		var object unstructured.Unstructured
		require.NoError(w.t, yaml.Unmarshal(text, &object.Object))
		_, err = crds.Create(w.t.Context(), &object, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			continue
		}
		require.NoError(w.t, err)
		w.t.Cleanup(func() {
			assert.NoError(w.t, crds.Delete(context.WithoutCancel(w.t.Context()), object.GetName(), metav1.DeleteOptions{}))
		})
		w.eventually("the API of "+object.GetName(), func(context.Context) (bool, error) {
			_, err := w.client.Discovery().ServerResourcesForGroupVersion(definition.groupVersion)
			return err == nil, err
		})
	}
}

// moduleDir is the folder of a module that tests/e2e/apis pins, downloaded when
// it is not there yet.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	cmd.Dir = "apis"
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var talk bytes.Buffer
	cmd.Stderr = &talk
	output, err := cmd.Output()
	require.NoError(t, err, "%s%s", output, talk.String())
	var downloaded struct{ Dir string }
	require.NoError(t, json.Unmarshal(output, &downloaded))
	return downloaded.Dir
}

// exampleFiles are the values files of the docs and of the chart's own ci
// folder. The values of another chart are not this chart's.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, dir := range []string{filepath.Join(root, "docs"), filepath.Join(chart(), "ci")} {
		before := len(files)
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if _, other := os.Stat(filepath.Join(filepath.Dir(path), "Chart.yaml")); other == nil {
				return err
			}
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, "values.yaml") {
				files = append(files, path)
			}
			return err
		})
		require.NoError(t, err)
		require.Greater(t, len(files), before, "no values file in %s", dir)
	}
	return files
}
