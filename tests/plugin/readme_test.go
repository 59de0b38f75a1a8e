package plugin_test

import (
	"encoding/xml"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestTheREADMEOpensWithItsPictures wants what high availability needs and a screen of
// the plugin before the first heading, each for a light and for a dark page. What they
// show, make verify-generated holds to the plugin.
func TestTheREADMEOpensWithItsPictures(t *testing.T) {
	path, err := checkout.Path("README.md")
	require.NoError(t, err)
	readme, err := os.ReadFile(path)
	require.NoError(t, err)
	opening := regexp.MustCompile(`(?s)^# coder-ha\n(.*?)\n## `).FindSubmatch(readme)
	require.NotNil(t, opening)
	var files []string
	for _, m := range regexp.MustCompile(`(?:srcset|src)="([^"]+)"`).FindAllSubmatch(opening[1], -1) {
		files = append(files, string(m[1]))
	}
	assert.Equal(t, []string{
		"docs/images/replicas-dark.svg", "docs/images/replicas-light.svg", "docs/images/screen-dark.svg", "docs/images/screen-light.svg",
	}, files)
	for _, file := range files {
		path, err := checkout.Path(file)
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var picture struct {
			XMLName xml.Name `xml:"svg"`
			Title   string   `xml:"title"`
		}
		require.NoError(t, xml.Unmarshal(text, &picture), file)
		assert.NotEmpty(t, picture.Title, file)
	}
}
