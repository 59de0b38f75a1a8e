package run

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// TestWhatOthersSayIsSavedWithoutSecrets has a server that repeats a password.
func TestWhatOthersSayIsSavedWithoutSecrets(t *testing.T) {
	t.Parallel()
	var talk bytes.Buffer
	streams := NewStreams(nil, &bytes.Buffer{}, &talk)
	streams.Secrets.Add("hunter2hunter")
	path := filepath.Join(t.TempDir(), "facts.json")
	found := &facts.Facts{}
	found.Lacks(facts.Database, facts.Gap{Reason: "é\u202e \"hunter2hunter\" is wrong\x1b\U000e0100", Proof: "<ask> & try"})
	require.NoError(t, writeFacts(path, found, streams))
	require.NoError(t, streams.Flush())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "hunter2")
	assert.Contains(t, talk.String(), "a secret is hidden in "+path)
	for _, b := range text {
		assert.True(t, b == '\n' || 0x20 <= b && b < 0x7F)
	}
	back, err := readFacts(t.Context(), path, nil)
	require.NoError(t, err)
	gap, _ := back.Missing(facts.Database)
	assert.Equal(t, facts.Gap{Reason: "é\u202e \"(hidden)\" is wrong\x1b\U000e0100", Proof: "<ask> & try"}, gap)
}
