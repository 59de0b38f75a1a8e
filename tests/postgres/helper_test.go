package postgres

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

func TestAServerLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := postgrestest.Start(ctx, postgrestest.Options{})
	require.NoError(t, err)
	url, err := server.CreateDatabase(ctx, "coder")
	require.NoError(t, err)
	assert.Contains(t, url, "postgres://coder:p%2F%40")
	require.NoError(t, server.Stop())
	assert.NoDirExists(t, server.Dir)
	_, err = server.Connect(ctx, "postgres")
	require.Error(t, err)
}

func TestAServerThatCannotStartSaysWhyAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	require.NoError(t, os.Chmod(filepath.Dir(os.TempDir()), 0o755))
	require.NoError(t, os.Chmod(os.TempDir(), 0o755))
	_, err := postgrestest.Start(t.Context(), postgrestest.Options{Settings: map[string]string{"no_such_setting": "1"}})
	require.ErrorContains(t, err, "no_such_setting")
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, left)
}
