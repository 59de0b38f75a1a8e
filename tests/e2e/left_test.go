package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// nothingLeft holds that a run took away all that it made: of each kind that stands in
// a namespace, no object has its label, and no pod belongs to its Job.
func (w *world) nothingLeft() {
	w.t.Helper()
	left, err := w.left(w.t.Context())
	require.NoError(w.t, err)
	assert.Empty(w.t, left)
}

// left are the objects of the release's namespace that a run with --in-cluster made:
// those with its label of every kind that the API server has, and what belongs to
// them.
func (w *world) left(ctx context.Context) ([]string, error) {
	config, err := clientcmd.BuildConfigFromFlags("", w.cluster.Kubeconfig)
	if err != nil {
		return nil, err
	}
	// Old versions of a kind come with warnings.
	config.QPS, config.Burst, config.WarningHandler = 100, 200, rest.NoWarnings{}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	lists, err := w.client.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, kind := range list.APIResources {
			if !slices.Contains(kind.Verbs, "list") {
				continue
			}
			objects, err := client.Resource(version.WithResource(kind.Name)).Namespace(w.ns).List(ctx, metav1.ListOptions{})
			if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", kind.Name, err)
			}
			for _, object := range objects.Items {
				if ofARun(object) {
					found = append(found, fmt.Sprintf("%s %s", kind.Name, object.Name))
				}
			}
		}
	}
	return found, nil
}

// ofARun says whether a run with --in-cluster made an object, or a Job of such a run.
// Events say what was, and the cluster forgets them.
func ofARun(object metav1.PartialObjectMetadata) bool {
	_, labeled := object.Labels[runLabel]
	return labeled || slices.ContainsFunc(object.OwnerReferences, func(o metav1.OwnerReference) bool {
		return o.Kind == "Job" && strings.HasPrefix(o.Name, "coder-ha-")
	})
}
