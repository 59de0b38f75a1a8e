package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// TestTheExitCodeDoesNotDependOnTheFormat runs a good and a bad deployment in each
// format, to standard output and to a file, which get the same.
func TestTheExitCodeDoesNotDependOnTheFormat(t *testing.T) {
	bad := strings.Replace(goodManifest, "http://$(KUBE_POD_IP):8080", "https://coder.example.com", 1)
	for manifest, code := range map[string]int{goodManifest: 0, bad: 1} {
		for _, format := range report.Formats() {
			path := filepath.Join(t.TempDir(), "report")
			shown := command(t, manifest, "validate", "--manifest", "-", "-o", format)
			assert.Equal(t, code, shown.code, format)
			assert.Empty(t, shown.err, format)
			filed := command(t, manifest, "validate", "--manifest", "-", "--output="+format+"="+path)
			assert.Equal(t, code, filed.code, format)
			assert.Empty(t, filed.out, format)
			assert.Equal(t, "coder-ha: "+path+" is written\n", filed.err)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, shown.out, string(content), format)
		}
	}
}

func TestAnOutputCompletesItsFormatThenFiles(t *testing.T) {
	formats := command(t, "", "__complete", "validate", "-o", "")
	assert.Equal(t, strings.Join(report.Formats(), "\n")+"\n:4\n", formats.out)
	files := command(t, "", "__complete", "validate", "-o", "json=")
	assert.Equal(t, ":0\n", files.out, "the shell completes files")
}
