package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"strings"

	"github.com/stretchr/testify/require"
)

// kubectl runs a command in the release's namespace, gives it an input, and returns
// what it printed.
func (w *world) kubectl(input string, args ...string) string {
	w.t.Helper()
	return w.kubectlWith(w.t.Context(), input, args...)
}

// kubectlWith is kubectl for a context of its own, such as that of a cleanup.
func (w *world) kubectlWith(ctx context.Context, input string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(ctx, w.cluster.Kubectl(), append([]string{"--kubeconfig", w.cluster.Kubeconfig, "--namespace", w.ns}, args...)...)
	cmd.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(w.t, cmd.Run(), "kubectl %s: %s%s", strings.Join(args, " "), stdout.String(), stderr.String())
	return stdout.String()
}

// allow sets the level of Pod Security that the release's namespace enforces.
func (w *world) allow(level string) {
	w.t.Helper()
	w.kubectl("", "label", "namespace", w.ns, "--overwrite", "pod-security.kubernetes.io/enforce="+level)
}
