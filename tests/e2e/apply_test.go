package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestApplyWithoutHelm applies what `helm template` and Kustomize render, as GitOps
// tools do that know no hooks of Helm: the pod of `helm test` is an ordinary one, and
// must not be in the way of the next apply.
func TestApplyWithoutHelm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.apply(w.template("coder.replicaCount=1"), 1)
	require.Len(t, w.testPods(), 1)
	w.apply(w.template("coder.replicaCount=1"), 1)
	assert.Len(t, w.testPods(), 1)
	w.apply(w.template("coder.replicaCount=2"), 2)
	assert.Len(t, w.testPods(), 2, "one that asks for other replicas has another name")

	for range 2 {
		w.apply(w.kustomize("skipTests: false"), 2)
	}
	assert.NotContains(t, w.kustomize("skipTests: true"), "kind: Pod\n")
	w.waitMesh(2)
}

// apply gives a manifest to `kubectl apply` and waits for the replicas.
func (w *world) apply(manifest string, replicas int) {
	w.t.Helper()
	w.kubectl(manifest, "apply", "-f", "-")
	w.waitRolledOut(replicas)
}

// template is what `helm template` renders of the chart.
func (w *world) template(values ...string) string {
	w.t.Helper()
	options := w.options(values...)
	args := []string{release, chart()}
	for _, file := range options.ValuesFiles {
		args = append(args, "--values", file)
	}
	for path, value := range options.SetValues {
		args = append(args, "--set", path+"="+value)
	}
	text, err := helm.RunHelmCommandAndGetStdOutE(w.t, options, "template", args...)
	require.NoError(w.t, err)
	return text
}

// kustomize is what `kustomize build --enable-helm` makes of the chart with two
// replicas, and with one more line of its settings.
func (w *world) kustomize(line string) string {
	w.t.Helper()
	dir := w.t.TempDir()
	require.NoError(w.t, os.CopyFS(filepath.Join(dir, "charts", "coder"), os.DirFS(chart())))
	options := w.options()
	var files []string
	for _, file := range options.ValuesFiles {
		text, err := os.ReadFile(file)
		require.NoError(w.t, err)
		files = append(files, filepath.Base(file))
		require.NoError(w.t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600))
	}
	image := options.SetValues
	require.NoError(w.t, os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(`helmCharts:
  - name: coder
    releaseName: `+release+`
    namespace: `+w.ns+`
    `+line+`
    additionalValuesFiles: [`+strings.Join(files, ", ")+`]
    valuesInline:
      coder:
        replicaCount: 2
        image: {repo: "`+image["coder.image.repo"]+`", tag: "`+image["coder.image.tag"]+`", pullPolicy: Never}
`), 0o600))
	return w.kubectl("", "kustomize", "--enable-helm", "--helm-command", helmBinary("3"), dir)
}

// testPods are the pods of `helm test`.
func (w *world) testPods() []string {
	w.t.Helper()
	pods, err := w.client.CoreV1().Pods(w.ns).List(context.WithoutCancel(w.t.Context()), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=coder-test"})
	require.NoError(w.t, err)
	var names []string
	for i := range pods.Items {
		names = append(names, pods.Items[i].Name)
	}
	return names
}
