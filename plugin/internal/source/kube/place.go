package kube

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// Place is where a container that runs coderd is.
type Place struct {
	Object manifest.Object
	// Path leads to the container in the object.
	Path []any
	// Container is what Kubernetes makes of it.
	Container corev1.Container
}
