package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestArgoCDsHookAsksTheReplicas creates the objects of the example for Argo CD in the
// order that Argo CD has: the hook of a sync after all else is healthy. The Job tells
// replicas that answer from one that does not.
func TestArgoCDsHookAsksTheReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	options := w.options()
	args := []string{release, chart(), "--namespace", w.ns, "--skip-tests"}
	for _, file := range append(options.ValuesFiles, filepath.Join(root, "docs", "examples", "gitops", "argocd", "values.yaml")) {
		args = append(args, "--values", file)
	}
	for path, value := range options.SetValues {
		args = append(args, "--set", path+"="+value)
	}
	options.SetValues, options.ValuesFiles = nil, nil
	manifest, err := helm.RunHelmCommandAndGetStdOutE(t, options, "template", args...)
	require.NoError(t, err)

	var hooks []unstructured.Unstructured
	for _, object := range w.objectsOf(manifest) {
		if object.GetAnnotations()["argocd.argoproj.io/hook"] != "" {
			hooks = append(hooks, object)
			continue
		}
		_, err := w.resource(object).Create(t.Context(), &object, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		require.NoError(t, err, object.GetName())
	}
	require.Len(t, hooks, 1)
	w.waitReady(w.ns, replicaLabels, 3)
	assert.Equal(t, batchv1.JobComplete, w.runJob(hooks[0]))

	scale, err := w.client.AppsV1().StatefulSets(w.ns).GetScale(t.Context(), "coder", metav1.GetOptions{})
	require.NoError(t, err)
	scale.Spec.Replicas = 2
	_, err = w.client.AppsV1().StatefulSets(w.ns).UpdateScale(t.Context(), "coder", scale, metav1.UpdateOptions{})
	require.NoError(t, err)
	w.waitReady(w.ns, replicaLabels, 2)
	assert.Equal(t, batchv1.JobFailed, w.runJob(hooks[0]))
}

// runJob creates a Job, waits for its end, and deletes it, as Argo CD does before the
// next sync.
func (w *world) runJob(job unstructured.Unstructured) (end batchv1.JobConditionType) {
	w.t.Helper()
	_, err := w.resource(job).Create(w.t.Context(), &job, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	require.NoError(w.t, err)
	w.eventually("the end of the Job", func(ctx context.Context) (bool, error) {
		got, err := w.client.BatchV1().Jobs(w.ns).Get(ctx, job.GetName(), metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range got.Status.Conditions {
			if condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed {
				end = condition.Type
				return true, nil
			}
		}
		return false, fmt.Errorf("status %+v", got.Status)
	})
	background := metav1.DeletePropagationBackground
	require.NoError(w.t, w.client.BatchV1().Jobs(w.ns).Delete(w.t.Context(), job.GetName(), metav1.DeleteOptions{PropagationPolicy: &background}))
	w.eventually("the Job to be gone", func(ctx context.Context) (bool, error) {
		jobs, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{})
		return err == nil && len(jobs.Items) == 0, err
	})
	return end
}
