// Package gitops_test holds docs/examples/gitops to what it says: every file is taken
// as its tool takes it, by the tool's own parts where they can be had.
package gitops_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// patience ends a process that hangs; nothing here takes a quarter of it.
const patience = 60 * time.Second

// example is the path of a file or folder of docs/examples/gitops.
func example(t *testing.T, name string) string { return inCheckout(t, "docs/examples/gitops/"+name) }

func chart(t *testing.T) string { return inCheckout(t, "charts/coder") }

func inCheckout(t *testing.T, name string) string {
	t.Helper()
	path, err := checkout.Path(name)
	require.NoError(t, err)
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// underBothHelms runs a test with the path of Helm 3 and with that of Helm 4.
func underBothHelms(t *testing.T, test func(t *testing.T, helm string)) {
	t.Helper()
	for name, find := range map[string]func() (string, error){"Helm 3": checkout.Helm3, "Helm 4": checkout.Helm4} {
		t.Run(name, func(t *testing.T) {
			helm, err := find()
			require.NoError(t, err)
			test(t, helm)
		})
	}
}

// run starts a program, which has to succeed, and gives what it printed.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	return runWith(t, command.Command{Path: program, Args: args, Env: command.Environment(t.TempDir())})
}

func runWith(t *testing.T, c command.Command) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := c.Run(ctx)
	require.NoError(t, err, result.Stderr)
	require.Equal(t, 0, result.Code, "%s\n%s", result.Stdout, result.Stderr)
	return result.Stdout
}

// validate runs `helm coder-ha validate` as the page has it: nothing is found that
// fails it.
func validate(t *testing.T, args ...string) {
	t.Helper()
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	assert.Contains(t, run(t, plugin, append([]string{"validate"}, args...)...), "3 replicas: passed")
}

// objects reads a stream of manifests. There is one at least.
func objects(t *testing.T, text string) []unstructured.Unstructured {
	t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	var all []unstructured.Unstructured
	for {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}

// byName are objects by kind and name. None has an empty map of annotations.
func byName(t *testing.T, text string) map[string]unstructured.Unstructured {
	t.Helper()
	named := map[string]unstructured.Unstructured{}
	for _, object := range objects(t, text) {
		if len(object.GetAnnotations()) == 0 {
			object.SetAnnotations(nil)
		}
		named[object.GetKind()+"/"+object.GetName()] = object
	}
	return named
}

// at is the value at a path of an object.
func at[T any](t *testing.T, object unstructured.Unstructured, path ...string) T {
	t.Helper()
	value, found, err := unstructured.NestedFieldNoCopy(object.Object, path...)
	require.NoError(t, err)
	require.True(t, found, strings.Join(path, "."))
	typed, ok := value.(T)
	require.True(t, ok, "%s is %v", strings.Join(path, "."), value)
	return typed
}

// chartVersion is the one that the examples ask for.
func chartVersion(t *testing.T) string {
	t.Helper()
	about := objects(t, read(t, filepath.Join(chart(t), "Chart.yaml")))[0]
	return at[string](t, about, "version")
}
