package kube

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// Place is where a container that runs coderd is.
type Place struct {
	Object manifest.Object
	// Path leads to the container in the object.
	Path []any
	// Container is what Kubernetes makes of it.
	Container corev1.Container
	// Pod is the template that it is part of, Index its index there, and Selector what
	// the workload knows its pods by; nil for a pod that nothing else makes.
	Pod      corev1.PodTemplateSpec
	Index    int
	Selector *metav1.LabelSelector
}
