package limits

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var tiny = Limit{"small files", 4, Bytes, "for a test"}

func TestAFileIsReadUpToItsLimit(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("1234"), 0o600))
	text, err := ReadFile(t.Context(), path, tiny)
	require.NoError(t, err)
	assert.Equal(t, "1234", string(text))

	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	_, err = ReadFile(t.Context(), path, tiny)
	require.EqualError(t, err, path+": it is too large: the limit of small files is 4 bytes")
	exceeded, ok := errors.AsType[*ExceededError](err)
	require.True(t, ok)
	assert.Equal(t, path, exceeded.Input)

	_, err = ReadFile(t.Context(), dir, tiny)
	require.EqualError(t, err, dir+": it is a directory, not a file")
	_, err = ReadFile(t.Context(), filepath.Join(dir, "none"), tiny)
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestASparseFileIsNotReadAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, file.Truncate(1<<40))
	require.NoError(t, file.Close())
	_, err = ReadFile(t.Context(), path, tiny)
	assert.ErrorContains(t, err, "it is too large")
}

func TestAStreamIsReadUpToItsLimit(t *testing.T) {
	text, err := Read(t.Context(), iotest.OneByteReader(strings.NewReader("1234")), "(standard input)", tiny)
	require.NoError(t, err)
	assert.Equal(t, "1234", string(text))
	_, err = Read(t.Context(), endless{}, "(standard input)", tiny)
	require.EqualError(t, err, "(standard input): it is too large: the limit of small files is 4 bytes")
	_, err = Read(t.Context(), iotest.ErrReader(io.ErrUnexpectedEOF), "(standard input)", tiny)
	require.EqualError(t, err, "read (standard input): unexpected EOF")
}

func TestAStreamThatNeverEndsEndsWithTheContext(t *testing.T) {
	ended := errors.New("time is up")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, ended)
	defer cancel()
	silent, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	_, err := Read(ctx, silent, "(standard input)", tiny)
	require.ErrorIs(t, err, ended)
	require.EqualError(t, err, "still waiting for (standard input): time is up")
}

// endless never ends.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
