package kube

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
)

func TestOnTheHostNetworkADeclaredPortIsAPortOfTheNode(t *testing.T) {
	t.Parallel()
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		HostNetwork: true,
		Containers:  []corev1.Container{{Name: "coder", Ports: []corev1.ContainerPort{{ContainerPort: 8080}, {ContainerPort: 6222, HostPort: 6222}}}},
	}}
	assert.Equal(t, 8080, pod(template, 0).Containers[0].Ports[0].HostPort)
	template.Spec.HostNetwork = false
	assert.Zero(t, pod(template, 0).Containers[0].Ports[0].HostPort)
	assert.True(t, pod(template, 0).HasHostPort())
}

func TestAnnotationsOfMeshesAloneAreKept(t *testing.T) {
	t.Parallel()
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "coder"}}}}
	template.Annotations = map[string]string{"linkerd.io/inject": "enabled", "traffic.sidecar.istio.io/excludeInboundPorts": "6222", "example.com/token": "hunter2"}
	assert.Equal(t, map[string]string{"linkerd.io/inject": "enabled", "traffic.sidecar.istio.io/excludeInboundPorts": "6222"}, pod(template, 0).MeshAnnotations)
}
