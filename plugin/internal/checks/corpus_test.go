package checks

import (
	"bufio"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// deploymentFile is a deployment in the shape that people have, and what its first
// lines say of it.
type deploymentFile struct {
	// fires is the check that must fail, also are those that fail with it.
	fires string
	also  []string
	// unproven is a check that the input cannot decide.
	unproven string
	family   string
	outcomes []check.Outcome
}

func readDeployment(t *testing.T, path string) deploymentFile {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	var out deploymentFile
	for lines := bufio.NewScanner(file); lines.Scan() && strings.HasPrefix(lines.Text(), "#"); {
		key, text, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "# "), ": ")
		switch key {
		case "Fires":
			out.fires = text
		case "Also":
			out.also = strings.Split(text, ", ")
		case "Not verified":
			out.unproven = text
		case "Pods":
			out.family = text
		}
	}
	_, err = file.Seek(0, 0)
	require.NoError(t, err)
	objects, err := manifest.Decode(file, path)
	require.NoError(t, err)
	d, err := kube.Build(objects, kube.Options{Namespace: "coder", PodIPFamily: out.family})
	require.NoError(t, err)
	d.Seal(digest.NewKey())
	c := &check.Case{Facts: &facts.Facts{Now: checktest.NewWorld().Now, Deployment: d}, Settings: check.DefaultSettings()}
	out.outcomes = check.Judge(All(), c, nil)
	return out
}

// loud are the findings that are no advice, by check.
func loud(outcomes []check.Outcome) map[string]string {
	found := map[string]string{}
	for _, o := range outcomes {
		for _, f := range o.Findings {
			if cmp.Or(f.Severity, o.Severity) != check.Info {
				found[o.ID] = f.Message + ": " + f.Observed
			}
		}
	}
	return found
}

func deployments(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "deployments", folder, "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestRightDeploymentsOfManyShapesAreClean(t *testing.T) {
	t.Parallel()
	for _, path := range deployments(t, "right") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			got := readDeployment(t, path)
			assert.Empty(t, loud(got.outcomes))
			if got.unproven != "" {
				at := slices.IndexFunc(got.outcomes, func(o check.Outcome) bool { return o.ID == got.unproven })
				require.GreaterOrEqual(t, at, 0, got.unproven)
				assert.True(t, got.outcomes[at].Unproven(), "%+v", got.outcomes[at])
			}
		})
	}
}

func TestOneMistakeInADeploymentIsFoundAndNoOther(t *testing.T) {
	t.Parallel()
	for _, path := range deployments(t, "wrong") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			got := readDeployment(t, path)
			require.NotEmpty(t, got.fires)
			found := loud(got.outcomes)
			assert.Contains(t, found, got.fires)
			for id, message := range found {
				assert.True(t, id == got.fires || slices.Contains(got.also, id), "%s: %s", id, message)
			}
			for _, id := range got.also {
				assert.Contains(t, found, id)
			}
		})
	}
}
