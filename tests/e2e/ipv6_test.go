package e2e

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// TestSingleStackIPv6 proves the installation on a cluster whose nodes, pods
// and Services have IPv6 addresses only.
func TestSingleStackIPv6(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	t.Parallel()
	built, err := buildImages(t.Context())
	require.NoError(t, err)
	c, err := cluster.Up(t.Context(), cluster.Config{Name: clusterName("e2eipv6"), Nodes: 2, IPv6: true, Images: built, Progress: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Down()) })
	w := newWorld(t, c)
	proveInstall(t, w, "coder.singleStackIPv6=true")
	for _, r := range w.waitMesh(3) {
		relay, err := url.Parse(r.Relay)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(relay.Host, "["), "%s has its brackets", r.Relay)
		assert.Equal(t, r.ClusterHost, relay.Hostname(), "CODER_CLUSTER_HOST is the bare address")
	}

	// What the plugin sees there.
	state, code := w.status(w.tunnel(), "--wait", "--timeout", "1m")
	assert.Zero(t, code, state.text)
	state.quiet(t)
	assert.Equal(t, [2]int{3, 3}, [2]int{state.Running.Ready, state.Running.Rows.Live})
	single := []string{"--set", "coder.singleStackIPv6=true"}
	right := w.rehearse(w.cluster.Kubeconfig, single...)
	w.judgedAll(right)
	for _, p := range right.Positions {
		assert.Contains(t, p.IP, ":", p.Name)
	}
	wrong := w.rehearse(w.cluster.Kubeconfig, append(single, relayURL("http://[$(KUBE_POD_IP)]:3000")...)...)
	tells(t, "The relay URL has a port that nobody listens on", wrong.text)
	output, code := w.plugin(w.cluster.Kubeconfig, append(append([]string{"postgres"}, w.rehearsal()[1:]...), single...)...)
	assert.LessOrEqual(t, code, 1, output)
	status, said := w.rehearsed(output).check("postgres-unreachable")
	assert.Equal(t, "passed", status, said)
	w.nothingLeft()
}
