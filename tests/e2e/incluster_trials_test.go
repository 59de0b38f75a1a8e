package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// trial is a run with --in-cluster that has a fault in its values.
type trial struct {
	fault string
	// values are those that differ; args further flags.
	values string
	args   []string
}

// try makes the trials side by side, as several people may, and holds each to its row of
// docs/faults.md.
func (w *world) try(trials ...trial) {
	w.t.Helper()
	w.t.Run("side by side", func(t *testing.T) {
		for _, one := range trials {
			t.Run(one.fault, func(t *testing.T) {
				t.Parallel()
				tells(t, one.fault, w.within(t).rehearse(w.cluster.Kubeconfig, one.flags(t)...).text)
			})
		}
	})
	w.nothingLeft()
}

func (one trial) flags(t *testing.T) []string {
	t.Helper()
	if one.values == "" {
		return one.args
	}
	path := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(path, []byte(one.values), 0o600))
	return append([]string{"--values", path}, one.args...)
}

// within is the world for a part of its test.
func (w *world) within(t *testing.T) *world {
	part := *w
	part.t = t
	return &part
}
