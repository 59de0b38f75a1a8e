package release_test

import (
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refName is the annotation of a layout's index that holds a tag.
const refName = "org.opencontainers.image.ref.name"

// newRegistry starts a registry and gives its host and port.
func newRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// push copies the layouts of the release to a registry, with their tags.
func (r release) push(t *testing.T, host string) (tags []string) {
	t.Helper()
	for _, repository := range []string{"coder", "coder-ha", "coder-ha-image", "coder-ha-inject"} {
		index, err := layout.ImageIndexFromPath(filepath.Join(r.dist, "oci", repository))
		require.NoError(t, err)
		manifest, err := index.IndexManifest()
		require.NoError(t, err)
		for _, m := range manifest.Manifests {
			tag := host + "/team/" + repository + ":" + m.Annotations[refName]
			reference, err := name.ParseReference(tag)
			require.NoError(t, err)
			if m.MediaType.IsIndex() {
				whole, err := index.ImageIndex(m.Digest)
				require.NoError(t, err)
				require.NoError(t, remote.WriteIndex(reference, whole))
			} else {
				image, err := index.Image(m.Digest)
				require.NoError(t, err)
				require.NoError(t, remote.Write(reference, image))
			}
			tags = append(tags, strings.TrimPrefix(tag, host+"/team/"))
		}
	}
	return tags
}

func TestTheLayoutsInstallFromARegistry(t *testing.T) {
	r, host := published(t), newRegistry(t)
	assert.Equal(t, []string{
		"coder:" + r.version, "coder:artifacthub.io", "coder-ha:" + r.version, "coder-ha-image:" + r.version, "coder-ha-inject:" + r.version,
	}, r.push(t, host))

	underBothHelms(t, func(t *testing.T, h helm) {
		chart := "oci://" + host + "/team/coder"
		to := t.TempDir()
		h.must(t, "pull", chart, "--plain-http", "--version", r.version, "--verify", "--keyring", r.public(t), "-d", to)
		assert.Equal(t, untar(t, r.path(t, "coder-VERSION.tgz")), untar(t, filepath.Join(to, "coder-"+r.version+".tgz")))
		assert.Contains(t, h.must(t, "show", "readme", chart, "--plain-http"), "# Coder")
		assert.Contains(t, h.must(t, "template", "coder", chart, "--plain-http"), "kind: StatefulSet")
	})
	t.Run("the plugin too, on Helm 4", func(t *testing.T) {
		h := helm4(t)
		h.must(t, "plugin", "install", "oci://"+host+"/team/coder-ha:"+r.version, "--plain-http", "--keyring", r.public(t))
		assert.Contains(t, h.must(t, "coder-ha", "version"), "coder-ha "+r.version)
	})
}

func TestHelmPushesThePackagedChart(t *testing.T) {
	r := published(t)
	underBothHelms(t, func(t *testing.T, h helm) {
		host := newRegistry(t)
		h.must(t, "push", r.path(t, "coder-VERSION.tgz"), "oci://"+host+"/team", "--plain-http")
		assert.Contains(t, h.must(t, "template", "coder", "oci://"+host+"/team/coder", "--plain-http", "--verify", "--keyring", r.public(t)), "kind: StatefulSet")
	})
}
