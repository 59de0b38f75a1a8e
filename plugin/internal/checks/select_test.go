package checks_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/checks"
)

func TestASelectionPicksWhatItNames(t *testing.T) {
	t.Parallel()
	all := checks.All()
	assert.Len(t, checks.Selection{}.Of(all), len(all), "nothing named picks all")
	total := 0
	for _, area := range checks.Areas() {
		picked := checks.Selection{Areas: []string{area}}.Of(all)
		assert.NotEmpty(t, picked, area)
		total += len(picked)
		for _, c := range picked {
			assert.Equal(t, area, c.Area.ID)
		}
	}
	assert.Equal(t, len(all), total, "each check has one area")
	assert.ElementsMatch(t, []string{
		"replicas", "database-url", "postgres", "mesh", "services", "routes", "networkpolicies", "autoscalers", "poddisruptionbudgets",
		"pods", "nodes", "coder-api",
	}, checks.Needs())
	for _, c := range (checks.Selection{Severities: []string{"warning", "info"}, Needs: []string{"postgres"}}).Of(all) {
		assert.NotEqual(t, "error", c.Severity.String(), c.ID)
		assert.Contains(t, []string{"postgres", "running"}, c.Area.ID, c.ID)
	}
}
