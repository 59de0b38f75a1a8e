package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatPoliciesForbidIsComparedWithWhatAnswers has a cluster that enforces no
// NetworkPolicy, and then one that drops what none forbids.
func TestWhatPoliciesForbidIsComparedWithWhatAnswers(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	removePolicy := w.relayOnly()
	end := w.onAllNodes("-j ACCEPT")
	tells(t, "A NetworkPolicy lets in the relay port only, and nothing enforces it", w.rehearse(w.cluster.Kubeconfig).text)
	end()
	removePolicy()

	end = w.onAllNodes("-p tcp --dport 6222 -j DROP")
	tells(t, "Something else than a NetworkPolicy drops what goes to port 6222", w.rehearse(w.cluster.Kubeconfig).text)
	end()
	w.nothingLeft()
}

// onAllNodes puts a rule before all others for what the nodes forward, until the
// returned function.
func (w *world) onAllNodes(rule string) (end func()) {
	w.t.Helper()
	var all []func() error
	for n := range w.nodes {
		remove, err := w.cluster.AddRule(w.t.Context(), n+1, rule)
		require.NoError(w.t, err)
		all = append(all, remove)
	}
	return func() {
		w.t.Helper()
		for _, remove := range all {
			require.NoError(w.t, remove())
		}
	}
}
