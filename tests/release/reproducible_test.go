package release_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestTheSameSourceGivesTheSameBytes packages once more, in a copy of this checkout in
// another folder, which is no clone and whose files are new. Who does so has the
// public key of the release, and cannot sign.
func TestTheSameSourceGivesTheSameBytes(t *testing.T) {
	r := published(t)
	root, err := checkout.Path(".")
	require.NoError(t, err)
	at, err := exec.CommandContext(t.Context(), "git", "-C", root, "log", "-1", "--format=%ct").Output()
	require.NoError(t, err)
	elsewhere := filepath.Join(t.TempDir(), "copy")
	copyOf(t, root, elsewhere)
	dist := filepath.Join(t.TempDir(), "dist")
	require.NoError(t, pack(elsewhere, dist,
		"SOURCE_DATE_EPOCH="+strings.TrimSpace(string(at)), "PUBLISHED_KEY="+r.path(t, "signing-key.gpg")))

	first, second := contents(t, r.dist), contents(t, dist)
	for name, text := range first {
		if signature.MatchString(name) {
			assert.NotContains(t, second, name)
			continue
		}
		if name == "SHA256SUMS" {
			continue
		}
		assert.True(t, bytes.Equal(text, second[name]), "%s differs", name)
		delete(second, name)
	}
	assert.Len(t, second, 1, "there is more than its own SHA256SUMS")
	assert.FileExists(t, filepath.Join(elsewhere, "plugin", "bin", "coder-ha-"+platform), "the program was not built there")
}

// signature matches what only who has the key can make. The digests are over it.
var signature = regexp.MustCompile(`\.(prov|asc)$`)

// copyOf copies the files of a checkout, those that are not committed too.
func copyOf(t *testing.T, root, to string) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := list.Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		from, file := filepath.Join(root, name), filepath.Join(to, name)
		info, err := os.Lstat(from)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, text, info.Mode().Perm()))
	}
}

// contents are the files of a folder.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name()))
			require.NoError(t, err)
		}
	}
	return files
}
