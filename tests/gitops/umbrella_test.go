package gitops_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// TestTheUmbrellaChartIsOneRelease renders the chart with this one and with Coder's own
// chart of provisioners in the folder where `helm dependency build` puts them.
func TestTheUmbrellaChartIsOneRelease(t *testing.T) {
	platform := filepath.Join(t.TempDir(), "platform")
	require.NoError(t, os.CopyFS(platform, os.DirFS(example(t, "umbrella"))))
	require.NoError(t, os.CopyFS(filepath.Join(platform, "charts", "coder"), os.DirFS(chart(t))))
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	_, err = charts.Write(filepath.Join(platform, "charts"), "provisioner", upstream.Version{Chart: "2.37.2", App: "2.37.2"})
	require.NoError(t, err)

	underBothHelms(t, func(t *testing.T, helm string) {
		named := byName(t, run(t, helm, "template", "coder", platform, "-n", "coder"))
		assert.Equal(t, "3", fmt.Sprint(at[any](t, named["StatefulSet/coder"], "spec", "replicas")))
		assert.Equal(t, "4", fmt.Sprint(at[any](t, named["Deployment/coder-provisioner"], "spec", "replicas")))
		assert.Contains(t, named, "Service/coder", "the provisioners' CODER_URL names it")
	})
	validate(t, "coder", platform, "-n", "coder", "-o", "short")
}
