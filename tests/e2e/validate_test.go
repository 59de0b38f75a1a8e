package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plugin runs the plugin's binary and returns what it printed and its exit
// code.
func (w *world) plugin(kubeconfig string, args ...string) (string, int) {
	w.t.Helper()
	cmd := w.pluginCommand(kubeconfig, args...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if failed := new(exec.ExitError); !errors.As(err, &failed) {
		require.NoError(w.t, err, "make build makes %s", cmd.Path)
	}
	assert.NotContains(w.t, output.String(), "e2e-password", "no output holds the password")
	return output.String(), cmd.ProcessState.ExitCode()
}

func pluginBinary() string {
	if binary := os.Getenv("CODER_HA_BIN"); binary != "" {
		return binary
	}
	return filepath.Join(root, "bin", "coder-ha")
}

// pluginCommand is the plugin's binary, in a process group of its own.
func (w *world) pluginCommand(kubeconfig string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), pluginBinary(), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func (w *world) validate(kubeconfig string, args ...string) (string, int) {
	w.t.Helper()
	all := append([]string{"validate", release, chart(), "--namespace", w.ns, "--values", filepath.Join("testdata", "values.yaml")}, args...)
	return w.plugin(kubeconfig, all...)
}

// TestValidateSeesTheCluster holds the plugin to the cluster's own view.
func TestValidateSeesTheCluster(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)

	output, code := w.validate(w.cluster.Kubeconfig, "--set", "coder.replicaCount=3", "--output", "json")
	assert.LessOrEqual(t, code, 1, output)
	status := checkStatus(t, output)
	for _, id := range []string{"postgres-url-invalid", "postgres-url-local", "postgres-url-multihost"} {
		assert.Equal(t, "passed", status[id], "the URL in the Secret is found: %s", id)
	}

	output, code = w.validate(w.kubeconfigOf("limited"), "--set", "coder.replicaCount=3")
	assert.Zero(t, code, output)
	assert.Contains(t, output, "lacks the verb get on secrets in namespace "+w.ns)
	assert.Contains(t, output, "no relay URL is the access URL or a load-balanced host", "the other checks go on")
}

func checkStatus(t *testing.T, output string) map[string]string {
	t.Helper()
	var report struct {
		Checks []struct{ ID, Status string }
	}
	begin := strings.Index(output, "{")
	require.GreaterOrEqual(t, begin, 0, output)
	require.NoError(t, json.NewDecoder(strings.NewReader(output[begin:])).Decode(&report), output)
	status := map[string]string{}
	for _, check := range report.Checks {
		status[check.ID] = check.Status
	}
	return status
}
