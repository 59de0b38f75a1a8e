package release

import (
	"context"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/metadata"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// revision reads which revision of the release is the newest, from the labels that
// Helm puts on its Secrets. What is in them is not read.
func (r *reader) revision(ctx context.Context, release *facts.Release) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client, err := metadata.NewForConfig(r.Config)
	if err != nil {
		return err
	}
	found, err := client.Resource(secrets).Namespace(r.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.Set{"owner": "helm", "name": release.Name}.String(),
	})
	if err != nil {
		return err
	}
	for _, secret := range found.Items {
		if n, err := strconv.Atoi(secret.Labels["version"]); err == nil && n > release.Revision {
			release.Revision, release.Status = n, secret.Labels["status"]
		}
	}
	return nil
}

// Names are the releases of a namespace that may run coderd, for completion.
func Names(ctx context.Context, req Request) []string {
	r, err := newReader(req)
	if err != nil {
		return nil
	}
	var names []string
	for _, resource := range workloadResources {
		items, err := r.list(ctx, resource)
		if err != nil {
			continue
		}
		for _, o := range items {
			if name := o.GetAnnotations()[releaseAnnotation]; name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
