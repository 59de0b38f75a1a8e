package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// TestRollbackAndUninstall goes back to the first revision without a lost
// request and leaves only what the user made.
func TestRollbackAndUninstall(t *testing.T) {
	w := newWorld(t, shared)
	before := w.objects()
	w.install(3, "coder.networkPolicy.enable=true")
	w.upgrade(3, upgradeValues("2")...)
	l := w.startLoad()
	r := l.during("helm rollback", func() {
		helm.Rollback(t, w.options(), release, "1")
		w.waitRolledOut(3)
	})
	figures.request("StatefulSet", "helm rollback", r)
	lost(t, "helm rollback", r)
	for _, pod := range w.replicas() {
		assert.NotContains(t, pod.Annotations, "revision")
	}

	helm.Delete(t, w.options(), release, true)
	var left []string
	w.eventually("the end of the pods", func(context.Context) (bool, error) {
		left = slices.DeleteFunc(w.objects(), func(object string) bool { return slices.Contains(before, object) })
		if len(left) > 0 {
			return false, fmt.Errorf("left: %v", left)
		}
		return true, nil
	})
}

// objects are all objects of the release's namespace but events, as
// resource/name.
func (w *world) objects() []string {
	w.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", w.cluster.Kubeconfig)
	require.NoError(w.t, err)
	config.QPS, config.Burst = 100, 200
	client, err := dynamic.NewForConfig(config)
	require.NoError(w.t, err)
	lists, err := w.client.Discovery().ServerPreferredNamespacedResources()
	require.NoError(w.t, err)
	var found []string
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		require.NoError(w.t, err)
		for _, resource := range list.APIResources {
			if resource.Kind == "Event" || !slices.Contains(resource.Verbs, "list") {
				continue
			}
			objects, err := client.Resource(version.WithResource(resource.Name)).Namespace(w.ns).List(w.t.Context(), metav1.ListOptions{})
			require.NoError(w.t, err, resource.Name)
			for i := range objects.Items {
				found = append(found, resource.Name+"/"+objects.Items[i].GetName())
			}
		}
	}
	return found
}
