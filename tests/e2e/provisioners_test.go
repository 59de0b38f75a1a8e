package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAReadOnlyRootAndAPoolOfProvisioners installs three replicas and a pool beside
// them, all with a read-only root file system. coderd and a provisioner do not start
// where they cannot write.
func TestAReadOnlyRootAndAPoolOfProvisioners(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	_, err := w.client.CoreV1().Secrets(w.ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "psk"}, StringData: map[string]string{"psk": "a-pre-shared-key"},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	proveInstall(t, w,
		"coder.readOnlyRoot.enable=true",
		"provisionerDaemon.pskSecretName=psk",
		"provisionerDaemon.pools[0].name=eu",
		"provisionerDaemon.pools[0].replicas=2",
		"provisionerDaemon.pools[0].tags.region=eu",
		"provisionerDaemon.pools[0].resources.requests.cpu=10m",
	)
	const pool = "app.kubernetes.io/name=coder-provisioner-eu"
	for _, labels := range []string{replicaLabels, pool} {
		for _, pod := range w.podsWith(labels) {
			assert.True(t, *pod.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem, pod.Name)
		}
	}

	// A real provisioner also needs terraform, which the image that the tests build does
	// not have: it starts, and then ends for want of it.
	said := []string{"starting provisioner daemon", "region"}
	if os.Getenv("E2E_CODER_IMAGE") == "" {
		said = append(said, "successfully connected to coderd")
		w.waitReady(w.ns, pool, 2)
	}
	provisioners := w.podsWith(pool)
	require.Len(t, provisioners, 2)
	for _, pod := range provisioners {
		w.eventually("the provisioner's log", func(ctx context.Context) (bool, error) {
			log, err := w.client.CoreV1().Pods(w.ns).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(ctx)
			for _, words := range said {
				if err == nil && !strings.Contains(string(log), words) {
					return false, fmt.Errorf("%s says:\n%s", pod.Name, log)
				}
			}
			return err == nil, err
		})
	}

	replicas := map[string]bool{}
	for _, pod := range w.replicas() {
		replicas[pod.Status.PodIP] = true
	}
	for _, service := range []string{"coder", "coder-replicas"} {
		endpoints := map[string]bool{}
		slices, err := w.client.DiscoveryV1().EndpointSlices(w.ns).List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
		require.NoError(t, err)
		for _, slice := range slices.Items {
			for _, endpoint := range slice.Endpoints {
				endpoints[endpoint.Addresses[0]] = true
			}
		}
		assert.Equal(t, replicas, endpoints, "behind the Service %s", service)
	}
	w.eventually("a budget of the replicas alone", func(ctx context.Context) (bool, error) {
		budget, err := w.client.PolicyV1().PodDisruptionBudgets(w.ns).Get(ctx, "coder", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		if s := budget.Status; s.ExpectedPods != 3 || s.CurrentHealthy != 3 || s.DisruptionsAllowed != 1 {
			return false, fmt.Errorf("status %+v", s)
		}
		return true, nil
	})
}
