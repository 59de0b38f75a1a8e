package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// chosenHelm is the environment variable that names the helm binary to run.
const chosenHelm = "CODER_HA_E2E_HELM"

// helmBinary is the helm of a major version, where make puts it.
func helmBinary(major string) string {
	if binary := os.Getenv("HELM" + major + "_BIN"); binary != "" {
		return binary
	}
	return filepath.Join(root, ".cache", "bin", "helm"+major)
}

// useHelm puts a helm into this process's PATH that runs the binary of
// chosenHelm: terratest knows helm by that name only.
func useHelm() error {
	for _, major := range []string{"3", "4"} {
		if _, err := os.Stat(helmBinary(major)); err != nil {
			return fmt.Errorf("no helm binary at %s: run the tests through make, or set HELM%s_BIN", helmBinary(major), major)
		}
	}
	dir := filepath.Join(root, ".cache", "e2e", "path")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a folder for helm: %w", err)
	}
	// Earlier runs may have left a link.
	if err := os.RemoveAll(filepath.Join(dir, "helm")); err != nil {
		return fmt.Errorf("replacing helm: %w", err)
	}
	text := fmt.Sprintf("#!/bin/sh\nexec \"$%s\" \"$@\"\n", chosenHelm)
	if err := os.WriteFile(filepath.Join(dir, "helm"), []byte(text), 0o755); err != nil {
		return fmt.Errorf("choosing the helm binary: %w", err)
	}
	if err := os.Setenv(chosenHelm, helmBinary("3")); err != nil {
		return fmt.Errorf("choosing the helm binary: %w", err)
	}
	return os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// TestHelm4 takes over a release of Helm 3, ends it, and installs anew: Helm 4
// gives objects to the API server by server-side apply. The new release then
// goes to a new version as the chart's README says, by way of no replica.
func TestHelm4(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(1)
	w.helm = "4"
	output, err := helm.RunHelmCommandAndGetOutputE(t, w.options(), "version", "--short")
	require.NoError(t, err)
	require.Contains(t, output, "v4.")
	w.upgrade(2, upgradeValues("2")...)
	for _, pod := range w.replicas() {
		assert.Equal(t, "r2", pod.Annotations["revision"])
	}
	helm.Delete(t, w.options(), release, true)
	w.waitReady(w.ns, replicaLabels, 0)

	proveInstall(t, w)
	set, err := w.client.AppsV1().StatefulSets(w.ns).Get(t.Context(), "coder", metav1.GetOptions{})
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(set.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == "helm" && entry.Operation == metav1.ManagedFieldsOperationApply
	}), "a new release is applied by the server: %v", set.ManagedFields)
	w.upgrade(0)
	w.upgrade(2, newVersion()...)
	w.waitMesh(2)
}
