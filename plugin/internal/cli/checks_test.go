package cli

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

func TestChecksAreListed(t *testing.T) {
	all := command(t, "", "checks")
	assert.Equal(t, run.ExitOK, all.code)
	for _, c := range checks.All() {
		assert.Contains(t, all.out, "  "+c.ID+" ")
	}
	few := command(t, "", "checks", "--area", "relay", "--severity", "error,warning", "--severity=info")
	assert.Contains(t, few.out, "relay-url-equals-access-url")
	assert.NotContains(t, few.out, "postgres-")
}

func TestChecksAsJSONSayAllThatIsDeclared(t *testing.T) {
	got := command(t, "", "checks", "-o", "json", "--needs", "postgres")
	assert.Empty(t, got.err)
	var read struct {
		SchemaVersion string
		Checks        []struct {
			ID, Area, Severity, Title, Why, Example, Change, Remedy, Docs string
			Needs, Uses                                                   []string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &read))
	assert.Equal(t, "1", read.SchemaVersion)
	picked := checks.Selection{Needs: []string{"postgres"}}.Of(checks.All())
	require.Len(t, read.Checks, len(picked))
	for i, c := range picked {
		got := read.Checks[i]
		assert.Equal(t, []string{c.ID, c.Area.ID, c.Severity.String(), c.Title, c.Why, c.Example, c.Change, c.Remedy},
			[]string{got.ID, got.Area, got.Severity, got.Title, got.Why, got.Example, got.Change, got.Remedy})
		assert.Contains(t, got.Needs, "postgres")
		assert.NotNil(t, got.Uses)
	}
}

func TestAWrongFilterIsRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--area", "relais"}, `unknown word "relais": did you mean "relay"?`},
		{[]string{"--severity", "error,fatal-thing"}, "use error, warning or info"},
		{[]string{"--area", "relay", "--needs", "postgres"}, "no check has all of that"},
		{[]string{"relay"}, `unknown command "relay"`},
	} {
		got := command(t, "", append([]string{"checks"}, c.args...)...)
		assert.Equal(t, run.ExitUnable, got.code)
		assert.Contains(t, got.err, c.want)
		assert.Empty(t, got.out)
	}
}
