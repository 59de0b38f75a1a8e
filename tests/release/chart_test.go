package release_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// about is what is read of a Chart.yaml.
type about struct {
	Version     string            `yaml:"version"`
	AppVersion  string            `yaml:"appVersion"`
	Annotations map[string]string `yaml:"annotations"`
}

// annotation reads one that is YAML in itself.
func annotation[T any](t *testing.T, a about, name string) T {
	t.Helper()
	var value T
	require.NoError(t, yaml.Unmarshal([]byte(a.Annotations["artifacthub.io/"+name]), &value), name)
	return value
}

func TestArtifactHubIsToldWhatIsInTheChart(t *testing.T) {
	r := published(t)
	var a about
	require.NoError(t, yaml.Unmarshal([]byte(helm4(t).must(t, "show", "chart", r.path(t, "coder-VERSION.tgz"))), &a))

	assert.Equal(t, "Apache-2.0", a.Annotations["artifacthub.io/license"])
	assert.Equal(t, fmt.Sprint(strings.Contains(a.Version, "-")), a.Annotations["artifacthub.io/prerelease"])
	type image struct{ Name, Image string }
	assert.Equal(t, []image{{"coder", "ghcr.io/coder/coder:v" + a.AppVersion}}, annotation[[]image](t, a, "images"))
	key := annotation[struct{ Fingerprint, URL string }](t, a, "signKey")
	assert.Equal(t, fmt.Sprintf("%X", r.key.PrimaryKey.Fingerprint), key.Fingerprint)
	assert.True(t, strings.HasSuffix(key.URL, "/v"+a.Version+"/signing-key.gpg"), key.URL)

	path, err := checkout.Path("CHANGELOG.md")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	heading := "## [" + a.Version + "]"
	if !strings.Contains(string(text), heading) {
		heading = "## [Unreleased]"
	}
	_, newest, found := strings.Cut(string(text), heading)
	require.True(t, found)
	newest, _, _ = strings.Cut(newest, "\n## ")
	type change struct{ Kind, Description string }
	changes := annotation[[]change](t, a, "changes")
	assert.Len(t, changes, strings.Count(newest, "\n- "))
	for _, c := range changes {
		assert.Contains(t, newest, "### "+strings.ToUpper(c.Kind[:1])+c.Kind[1:])
		assert.NotContains(t, c.Description, "\n")
		assert.NotContains(t, c.Description, "`")
		assert.NotContains(t, c.Description, "](")
	}
	assert.Contains(t, changes[0].Description, "Coder in as many replicas as coder.replicaCount says")
}

func TestHelmShowsThePackagedChart(t *testing.T) {
	archive := published(t).path(t, "coder-VERSION.tgz")
	underBothHelms(t, func(t *testing.T, h helm) {
		for topic, file := range map[string]string{"readme": "README.md", "values": "values.yaml"} {
			path, err := checkout.Path("charts/coder/" + file)
			require.NoError(t, err)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(string(text)), strings.TrimSpace(h.must(t, "show", topic, archive)), topic)
		}
	})
}

func TestThePackagedChartIsTheChart(t *testing.T) {
	archive := published(t).path(t, "coder-VERSION.tgz")
	chart, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	underBothHelms(t, func(t *testing.T, h helm) {
		render := func(chart string) string {
			return h.must(t, "template", "coder", chart, "--set", "coder.image.tag=v2.38.0")
		}
		assert.Equal(t, render(chart), render(archive))
		h.must(t, "lint", "--strict", archive, "--set", "coder.image.tag=v2.38.0")
	})
}
