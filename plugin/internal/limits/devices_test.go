//go:build unix

package limits

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDevicesAndNamedPipesAreBoundedToo(t *testing.T) {
	_, err := ReadFile(t.Context(), "/dev/zero", tiny)
	require.EqualError(t, err, "/dev/zero: it is too large: the limit of small files is 4 bytes")
	text, err := ReadFile(t.Context(), os.DevNull, tiny)
	require.NoError(t, err)
	assert.Empty(t, text)
}

func TestANamedPipeIntoWhichNobodyWritesEndsWithTheContext(t *testing.T) {
	pipe := namedPipe(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := ReadFile(ctx, pipe, tiny)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestANamedPipeIsReadUpToTheLimit(t *testing.T) {
	pipe := namedPipe(t)
	writer, err := os.OpenFile(pipe, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { _ = writer.Close() }()
	_, err = writer.WriteString("12345")
	require.NoError(t, err)
	_, err = ReadFile(t.Context(), pipe, tiny)
	assert.ErrorContains(t, err, "it is too large")
}

func namedPipe(t *testing.T) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	return pipe
}
