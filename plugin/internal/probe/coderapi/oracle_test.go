//go:build oracle

package coderapi

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// said is what tests/coderd/api writes: the requests of Coder's own client, and answers
// in which each text is the path of its field.
type said struct {
	Exchanges []struct {
		Path, Header string
		Answer       json.RawMessage
	}
	Words struct {
		Entitlements, Severities []string
		Feature                  string
	}
}

// TestWeReadTheAnswersOfCoderd has the types of several versions of Coder as the judge:
// the newest, and those whose module files have them.
func TestWeReadTheAnswersOfCoderd(t *testing.T) {
	for _, modfile := range []string{"go.mod", "v2.29.1.mod", "v2.24.0.mod"} {
		t.Run(modfile, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "go", "run", "-modfile="+modfile, "./api")
			command.Dir = filepath.Join("..", "..", "..", "..", "tests", "coderd")
			text, err := command.Output()
			require.NoError(t, err)
			var coder said
			require.NoError(t, json.Unmarshal(text, &coder))
			assert.Equal(t, []string{facts.Entitled, facts.GracePeriod, facts.NotEntitled}, coder.Words.Entitlements)
			assert.Equal(t, []string{"ok", "warning", "error"}, coder.Words.Severities)
			assert.Equal(t, "high_availability", coder.Words.Feature)

			answers := map[string]string{}
			for _, e := range coder.Exchanges {
				assert.Equal(t, sessionHeader, e.Header)
				answers[e.Path] = string(e.Answer)
			}
			out, _ := asked(t, answers)
			wantFilled(t, out)
			var health healthReport
			require.NoError(t, json.Unmarshal([]byte(answers[facts.PathHealth]), &health))
			wantRelays(t, health)
		})
	}
}

// wantRelays compares what stands at the relays, which is read where the section itself
// has no words.
func wantRelays(t *testing.T, report healthReport) {
	t.Helper()
	at := "derp.regions.region"
	assert.Equal(t, []facts.HealthMessage{
		{Message: "region 999: " + at + ".error"},
		{Code: at + ".warnings.code", Message: "region 999: " + at + ".warnings.message"},
		{Message: "region 999: " + at + ".node_reports.error"},
		{Code: at + ".node_reports.warnings.code", Message: "region 999: " + at + ".node_reports.warnings.message"},
	}, report.DERP.relays())
	node := report.DERP.Regions[999].Nodes[0]
	assert.True(t, node.Exchanges)
	assert.Equal(t, [][]string{{at + ".node_reports.client_errs"}}, node.ClientErrs)
	assert.False(t, report.Time.IsZero())
}

// wantFilled compares what was read with the path of the field that it should be from.
func wantFilled(t *testing.T, out facts.CoderAPI) {
	t.Helper()
	moment := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Empty(t, out.Unanswered)
	assert.Equal(t, [2]string{"version", "deployment_id"}, [2]string{out.Version, out.DeploymentID})
	assert.Equal(t, &facts.Entitlements{
		HasLicense: true, Trial: true, HighAvailability: "features.feature.entitlement", Enabled: true,
		Warnings: []string{"warnings"}, Errors: []string{"errors"},
	}, out.Entitlements)
	assert.Equal(t, []facts.License{{ID: len("id"), Expires: moment}}, out.Licenses)
	assert.Equal(t, []facts.APIReplica{{
		Hostname: "hostname", Created: moment, RelayAddress: "relay_address", RegionID: len("region_id"), Error: "error",
		DatabaseLatency: time.Duration(len("database_latency")) * time.Microsecond,
	}}, out.Replicas)
	var want []facts.HealthSection
	for _, name := range []string{"access_url", "database", "derp", "websocket", "workspace_proxy", "provisioner_daemons"} {
		want = append(want, facts.HealthSection{
			Name: name, Severity: name + ".severity", Error: name + ".error", Dismissed: true,
			Messages: []facts.HealthMessage{{Code: name + ".warnings.code", Message: name + ".warnings.message"}},
		})
	}
	assert.Equal(t, &facts.Health{Severity: "severity", Sections: want}, out.Health)
}
