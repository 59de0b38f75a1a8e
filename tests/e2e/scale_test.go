package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// upgradeValues roll the replicas to another annotation of their pods.
func upgradeValues(n string) []string { return []string{"coder.podAnnotations.revision=r" + n} }

func TestScale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.install(1)
	for _, n := range []int{3, 5, 2, 0, 1} {
		w.upgrade(n)
		if n > 0 {
			w.waitMesh(n)
		}
	}

	// Upstream's Deployment shows the banner "multiple replicas" after the
	// upgrade of a single replica: the new pod starts beside the old one.
	w.upgrade(1, upgradeValues("2")...)
	w.upgrade(1, upgradeValues("3")...)
	rows, err := w.rows(t.Context(), "true")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(rows), 8, "every replica of this test wrote a row")
	singles := rows[len(rows)-3:]
	for i, r := range singles[:2] {
		require.NotNil(t, r.Stopped, "%s has ended cleanly", r.Hostname)
		assert.Greater(t, singles[i+1].Started.Sub(*r.Stopped), time.Duration(0), "a single replica starts after its predecessor has stopped")
	}
	assert.Nil(t, singles[2].Stopped)
}
