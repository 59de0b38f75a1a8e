package release_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheImageRunsFromARegistry pulls what a node would pull, and runs the programs
// that are in it.
func TestTheImageRunsFromARegistry(t *testing.T) {
	r, host := published(t), newRegistry(t)
	r.push(t, host)
	reference, err := name.ParseReference(host + "/team/coder-ha-image:" + r.version)
	require.NoError(t, err)
	index, err := remote.Index(reference)
	require.NoError(t, err)
	require.NoError(t, validate.Index(index))
	digest, err := index.Digest()
	require.NoError(t, err)
	said, err := os.ReadFile(r.path(t, "coder-ha-image-VERSION.digest"))
	require.NoError(t, err)
	assert.Equal(t, digest.String(), strings.TrimSpace(string(said)))

	image, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	require.NoError(t, err)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "65532:65532", config.Config.User, "Pod Security asks for a user by number that is not root")
	assert.Equal(t, []string{"/coder-ha"}, config.Config.Entrypoint)
	dir := unpacked(t, image)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	assert.Equal(t, []string{"LICENSE", "coder-ha", "coder-ha-agent"}, names)

	version := exec.CommandContext(t.Context(), filepath.Join(dir, "coder-ha"), "version")
	version.Env = []string{}
	output, err := version.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Contains(t, string(output), "coder-ha "+r.version)
	agent := exec.CommandContext(t.Context(), filepath.Join(dir, "coder-ha-agent"), "serve")
	agent.Env, agent.Stdin = []string{}, strings.NewReader(`{"end":{}}`+"\n")
	output, err = agent.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, "{}\n", string(output))
}

// unpacked is a folder with the files of an image.
func unpacked(t *testing.T, image v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	stream := mutate.Extract(image)
	defer func() { require.NoError(t, stream.Close()) }()
	files := tar.NewReader(stream)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		require.NoError(t, err)
		assert.Zero(t, header.Uid)
		file, err := os.OpenFile(filepath.Join(dir, filepath.Base(header.Name)), os.O_CREATE|os.O_WRONLY, header.FileInfo().Mode().Perm())
		require.NoError(t, err)
		_, err = io.Copy(file, files)
		require.NoError(t, err)
		require.NoError(t, file.Close())
	}
}
