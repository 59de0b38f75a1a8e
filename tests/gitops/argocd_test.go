package gitops_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestArgoCDTakesTheApplication(t *testing.T) {
	app := objects(t, read(t, example(t, "argocd/application.yaml")))[0]
	assert.Empty(t, check(t, app))
	source := at[[]any](t, app, "spec", "sources")[0].(map[string]any)
	assert.Equal(t, "v"+chartVersion(t), source["targetRevision"])
	assert.DirExists(t, inCheckout(t, source["path"].(string)))
}

// TestArgoCDRendersTheSameEachTime renders as Argo CD does, which compares what it gets
// with the cluster again and again.
func TestArgoCDRendersTheSameEachTime(t *testing.T) {
	values := example(t, "argocd/values.yaml")
	underBothHelms(t, func(t *testing.T, helm string) {
		render := func() string {
			return run(t, helm, "template", "coder", chart(t), "-n", "coder", "-f", values, "--skip-tests")
		}
		text := render()
		assert.Equal(t, text, render())
		for _, object := range objects(t, text) {
			assert.NotContains(t, object.GetAnnotations(), "helm.sh/hook", object.GetName())
			assert.Contains(t, []string{"", "coder"}, object.GetNamespace(), "what lies elsewhere needs a project that allows it")
		}

		job := byName(t, text)["Job/coder-after-sync"]
		assert.Equal(t, "PostSync", job.GetAnnotations()["argocd.argoproj.io/hook"])
		tested := byName(t, run(t, helm, "template", "coder", chart(t), "-n", "coder", "-f", values))
		var pod unstructured.Unstructured
		for _, object := range tested {
			if object.GetAnnotations()["helm.sh/hook"] == "test" {
				pod = object
			}
		}
		require.NotNil(t, pod.Object)
		assert.Equal(t, pod.Object["spec"], at[any](t, job, "spec", "template", "spec"), "the Job asks what helm test asks")
	})
	validate(t, "coder", chart(t), "-n", "coder", "-f", values, "-o", "short")
}
