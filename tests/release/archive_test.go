package release_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// untar reads an archive. Its entries say nothing of the machine that made it.
func untar(t *testing.T, archive string) map[string]string {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	entries := tar.NewReader(unzipped)
	files := map[string]string{}
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		assert.Zero(t, header.Uid+header.Gid, header.Name)
		assert.Empty(t, header.Uname+header.Gname, header.Name)
		text, err := io.ReadAll(entries)
		require.NoError(t, err)
		files[header.Name] = string(text)
	}
}

func TestTheLicenseIsInEveryArchive(t *testing.T) {
	r := published(t)
	path, err := checkout.Path("LICENSE")
	require.NoError(t, err)
	license, err := os.ReadFile(path)
	require.NoError(t, err)
	for archive, name := range map[string]string{
		"coder-VERSION.tgz":                           "coder/LICENSE",
		"coder-ha-VERSION.tgz":                        "coder-ha/LICENSE",
		"coder-ha-VERSION-" + platform + ".tgz":       "coder-ha/LICENSE",
		"coder-ha-inject-VERSION.tgz":                 "coder-ha-inject/LICENSE",
		"coder-ha-VERSION-helm3.tgz":                  "LICENSE",
		"coder-ha-VERSION-helm3-" + platform + ".tgz": "LICENSE",
	} {
		assert.Equal(t, string(license), untar(t, r.path(t, archive))[name], archive)
	}
}

func TestThePackagedChartHasNoTestsAndNoSources(t *testing.T) {
	files := untar(t, published(t).path(t, "coder-VERSION.tgz"))
	for name := range files {
		assert.False(t, strings.HasPrefix(name, "coder/ci/") || strings.HasSuffix(name, ".gotmpl"), name)
	}
	for _, name := range []string{"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "templates/statefulset.yaml"} {
		assert.NotEmpty(t, files["coder/"+name], name)
	}
}
