package cli

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

func TestNoFieldOfAReportShowsWhatIsHidden(t *testing.T) {
	const short, long = "hidden-host", "hidden-host.secret.example"
	text := "from " + long + " and " + short
	r := report.Report{
		Outcomes: []check.Outcome{{
			Note: text, Skip: check.Skip{Reason: text, Proof: text},
			Findings: []check.Finding{{
				Message: text, Observed: text, Expected: text, Remedy: text,
				Subject: check.Subject{Name: text, Container: text},
			}},
		}},
		Deployment: report.Deployment{Replicas: []report.Replica{{
			Name: text, RelayURL: text, AccessURL: text, ClusterHost: text, HTTPAddress: text,
		}}},
	}
	hide(&r, []string{short, long})
	assert.NotContains(t, fmt.Sprintf("%+v", r), "hidden-host")
	assert.NotContains(t, fmt.Sprintf("%+v", r), ".secret.example", "nothing is left of a text that begins with another")
	assert.Equal(t, "from (from a Secret) and (from a Secret)", r.Outcomes[0].Note)
}
