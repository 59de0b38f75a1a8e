package plugin_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// report is what these tests read of the JSON report.
type report struct {
	SchemaVersion string
	Verdict       string
	Checks        []struct {
		ID       string
		Severity string
		Status   string
		Findings []struct {
			Severity string
			Message  string
			Remedy   string
		}
	}
	Deployment struct {
		Replicas []struct {
			Name      string
			RelayURL  string
			AccessURL string
		}
	}
}

// parseReport reads a whole standard output as one JSON report.
func parseReport(t *testing.T, stdout string) report {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(stdout))
	var r report
	require.NoError(t, decoder.Decode(&r), stdout)
	_, err := decoder.Token()
	require.ErrorIs(t, err, io.EOF, "something follows the JSON report: %s", stdout)
	assert.Equal(t, "1", r.SchemaVersion)
	return r
}

// failed lists the ids of the checks that failed.
func (r report) failed() []string {
	ids := []string{}
	for _, c := range r.Checks {
		if c.Status == "failed" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// loud lists the ids of the checks that failed with more than advice.
func (r report) loud() []string {
	ids := []string{}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.Severity != "info" && !slices.Contains(ids, c.ID) {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
	}{
		{"a sound deployment ends with 0", []string{"CHART", "-f", "testdata/good.yaml"}, 0},
		{"the bundled chart does the same", []string{"-f", "testdata/good.yaml"}, 0},
		{"a mistake ends with 1", []string{"--manifest", "testdata/relay-is-access-url.yaml"}, 1},
		{"a mistake in JSON ends with 1", []string{"--manifest", "testdata/relay-is-access-url.yaml", "-o", "json"}, 1},
		{"strict: what is not proven ends with 1", []string{"CHART", "-f", "testdata/good.yaml", "--strict"}, 1},
		{"a chart that is not there ends with 2", []string{"./no-such-chart"}, 2},
		{"a manifest that is not there ends with 2", []string{"--manifest", "no-such-file.yaml"}, 2},
		{"an unknown flag ends with 2", []string{"CHART", "--no-such-flag"}, 2},
		{"an unknown format ends with 2", []string{"CHART", "-f", "testdata/good.yaml", "-o", "no-such-format"}, 2},
	}
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				args := []string{"coder-ha", "validate"}
				for _, arg := range test.args {
					args = append(args, strings.Replace(arg, "CHART", chart(t), 1))
				}
				got := h.run(t, args...)
				assert.Equal(t, test.code, got.Code, "stdout: %s\nstderr: %s", got.Stdout, got.Stderr)
				if test.code == 2 {
					assert.Empty(t, got.Stdout, "standard output is for reports")
					assert.Contains(t, got.Stderr, "coder-ha: ")
					assert.NotContains(t, got.Stderr, "goroutine")
				}
			})
		}
	})
}

func TestJSONIsAllThatStandsOnStandardOutput(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		t.Run("when all is well", func(t *testing.T) {
			got := h.run(t, "coder-ha", "validate", chart(t), "-f", "testdata/good.yaml", "-o", "json")
			r := parseReport(t, got.Stdout)
			assert.Empty(t, r.failed())
			assert.Len(t, r.Deployment.Replicas, 3)
		})
		t.Run("when a mistake is found", func(t *testing.T) {
			got := h.run(t, "coder-ha", "validate", "--manifest", "testdata/relay-is-access-url.yaml", "-o", "json")
			r := parseReport(t, got.Stdout)
			assert.Equal(t, "fail", r.Verdict)
			assert.Contains(t, r.failed(), "relay-url-equals-access-url")
		})
		t.Run("equal to that of the plugin alone", func(t *testing.T) {
			args := []string{"validate", chart(t), "-f", "testdata/good.yaml", "-o", "json"}
			alone := h.alone(t, args...)
			assert.Equal(t, alone.Stdout, h.run(t, append([]string{"coder-ha"}, args...)...).Stdout)
		})
	})
}

func TestAManifestOnStandardInput(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		rendered := h.run(t, "template", "coder", chart(t), "--namespace", "coder", "-f", "testdata/good.yaml")
		require.Equal(t, 0, rendered.Code, rendered.Stderr)

		got := h.runWith(t, strings.NewReader(rendered.Stdout),
			"coder-ha", "validate", "--manifest", "-", "-o", "json", "--namespace", "coder")
		assert.Equal(t, 0, got.Code, got.Stderr)
		fromChart := h.run(t, "coder-ha", "validate", chart(t), "--namespace", "coder", "-f", "testdata/good.yaml", "-o", "json")
		assert.Equal(t, verdicts(t, fromChart.Stdout), verdicts(t, got.Stdout),
			"the chart and its rendering are one deployment")
	})
}

func TestHelmsOwnFlagsReachThePlugin(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		for _, args := range [][]string{
			{"coder-ha", "validate", "-n", "platform"},
			{"-n", "platform", "coder-ha", "validate"},
			{"coder-ha", "validate", "-nplatform"},
			{"coder-ha", "validate", "-n", "platform", "--qps", "5", "--burst-limit", "10"},
		} {
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				got := h.run(t, append(args, chart(t), "-f", "testdata/good.yaml", "-o", "json")...)
				assert.Equal(t, 0, got.Code, got.Stderr)
				assert.Len(t, parseReport(t, got.Stdout).Deployment.Replicas, 3)
			})
		}
	})
}

func TestHelm4sOwnFlagsReachThePlugin(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		for _, flag := range []string{"--color=never", "--colour=never", "--content-cache=/nonexistent"} {
			got := h.run(t, "coder-ha", "validate", chart(t), flag, "-f", "testdata/good.yaml")
			assert.Equal(t, 0, got.Code, "%s: %s", flag, got.Stderr)
			assert.NotContains(t, got.Stdout, "\x1b[")
		}
	})
}
