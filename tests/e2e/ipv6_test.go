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
}
