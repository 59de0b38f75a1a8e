package e2e

import (
	"context"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// writeHome has wget, the image's only program that writes a file, write one to
// coderd's home.
var writeHome = []string{"/usr/bin/wget", "--quiet", "--tries=1", "--output-document=/home/coder/proof", "http://localhost:8080/healthz"}

// TestRootCanWriteTheHomeOfCoder runs Coder as root, whose home in the image belongs to
// another user.
func TestRootCanWriteTheHomeOfCoder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.allow("baseline")
	asRoot := []string{"coder.securityContext.runAsUser=0", "coder.securityContext.runAsGroup=0", "coder.securityContext.runAsNonRoot=false"}
	w.install(1, asRoot...)
	notes, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "get", "notes", release)
	require.NoError(t, err)
	assert.Contains(t, notes, "Coder runs as root and keeps the container runtime's capabilities")
	w.kubectl("", append([]string{"exec", "coder-0", "--container", "coder", "--"}, writeHome...)...)

	// Without capabilities root may not, or the above would prove nothing.
	replica := w.replicas()[0]
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "powerless"}, Spec: corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever,
		Containers:    []corev1.Container{*replica.Spec.Containers[0].DeepCopy()},
	}}
	container := &pod.Spec.Containers[0]
	container.Command, container.Args = writeHome, nil
	container.Lifecycle, container.VolumeMounts = nil, nil
	container.SecurityContext.Capabilities = &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}
	pods := w.client.CoreV1().Pods(w.ns)
	_, err = pods.Create(t.Context(), pod, metav1.CreateOptions{})
	require.NoError(t, err)
	w.eventually("the failure of wget", func(ctx context.Context) (bool, error) {
		now, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		return err == nil && now.Status.Phase == corev1.PodFailed, err
	})
	assert.Contains(t, w.kubectl("", "logs", pod.Name), "/home/coder/proof: Permission denied")
}
