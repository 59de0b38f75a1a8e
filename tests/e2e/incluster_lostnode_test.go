package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestANodeLostMeanwhileIsReported cuts a node off while the agents ask. What the other
// agents saw is judged, and the pod there ends with the node's return.
func TestANodeLostMeanwhileIsReported(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	w := newWorld(t, shared)
	w.kubectl(noDatabase, "apply", "-f", "-")
	l, kubeconfig := w.line()
	r := w.startRehearsal(kubeconfig, "--set", "coder.podLabels.trial=lost", "--set", "coder.podLabels.database=closed", "--connect-timeout", "15s", "--timeout", "2m")
	w.underWay(l, "lost", true)
	require.NoError(t, w.cluster.CutNode(lastNode))
	output, took := r.end()
	w.heal(lastNode)
	t.Logf("ended after %s: %s", took, output)
	assert.LessOrEqual(t, r.cmd.ProcessState.ExitCode(), 1, output)
	tells(t, "A node is lost while the agents ask", output)
	tells(t, "A node is lost before the pods are removed", output)
	report := w.rehearsed(output)
	status, said := report.check("relay-unreachable")
	assert.Equal(t, "passed", status, "what was asked before is judged: %s", said)
	w.whenGone()
}
