package checks

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/examples"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
)

// leftOpen are the checks that never fail: where they do not hold, that is not proved.
var leftOpen = map[string]bool{"render-lookup-open": true}

// alsoFail are other checks that the example of a check cannot but fail.
var alsoFail = map[string]string{
	"cluster-host-missing":       "relay-url-missing",
	"cluster-host-custom-relays": "cluster-host-missing",
}

// TestTheExampleOfEachCheckTellsRightFromWrong makes deployments of the text of the
// examples in docs/checks.md. The lines with - must fail that check and no other, and
// those with + none.
func TestTheExampleOfEachCheckTellsRightFromWrong(t *testing.T) {
	t.Parallel()
	for _, c := range All() {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, c.Change, "write checks/examples/%s.diff", c.ID)
			wrong, right := checktest.Sides(t, c.Change)
			failed, open := judgeExample(t, wrong, right)
			if leftOpen[c.ID] {
				assert.Empty(t, failed)
				assert.Contains(t, open, c.ID)
			} else {
				assert.Contains(t, failed, c.ID)
				delete(failed, c.ID)
				delete(failed, alsoFail[c.ID])
				assert.Empty(t, failed, "other checks fail too")
			}
			failed, open = judgeExample(t, right, wrong)
			assert.Empty(t, failed, "the mended one")
			if leftOpen[c.ID] {
				assert.NotContains(t, open, c.ID)
			}
		})
	}
}

func TestNoExampleIsLeftOfACheckThatIsNot(t *testing.T) {
	t.Parallel()
	var declared []string
	for _, c := range All() {
		declared = append(declared, c.ID)
	}
	assert.ElementsMatch(t, declared, examples.IDs())
}

// judgeExample judges one side of an example: what failed, with the findings, and what
// could not be proved.
func judgeExample(t *testing.T, side, other checktest.Side) (failed map[string][]check.Finding, open []string) {
	t.Helper()
	failed = map[string][]check.Finding{}
	for _, o := range check.Judge(All(), exampleCase(t, side, other), nil) {
		if o.Status == check.Failed {
			failed[o.ID] = o.Findings
		}
		if o.Unproven() {
			open = append(open, o.ID)
		}
	}
	return failed, open
}

func exampleCase(t *testing.T, side, other checktest.Side) *check.Case {
	t.Helper()
	w := checktest.NewWorld()
	text, ok := side.In(checktest.ValuesSection)
	if !ok {
		w.Database().Capacity.MaxConnections = 1000
		side.Into(t, w, other)
		return w.Case(t)
	}
	file := filepath.Join(t.TempDir(), checktest.ValuesSection)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	request := source.Request{Chart: chart.Options{Settings: chart.NewSettings()}}
	request.Chart.Values.ValueFiles = []string{file}
	described, err := request.Describe(t.Context(), digest.NewKey())
	require.NoError(t, err)
	return &check.Case{Facts: &facts.Facts{Now: w.Now, Deployment: described.Deployment}, Settings: w.Settings}
}
