package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a report with every kind of verdict.
func sample() Report {
	relay, postgres := check.Area{ID: "relay", Title: "Relay"}, check.Area{ID: "postgres", Title: "Postgres"}
	return Report{
		FailOn: check.Error,
		Deployment: Deployment{
			Source: "chart coder 0.1.0", Workloads: []string{"StatefulSet coder/coder"}, CoderVersion: "2.38",
			Replicas: []Replica{
				{Name: "coder-0", RelayURL: "http://<coder-0.status.podIP>:8080", AccessURL: "https://coder.example.com", ClusterHost: "<coder-0.status.podIP>", HTTPAddress: "0.0.0.0:8080"},
				{Name: "coder-1", AccessURL: "https://coder.example.com"},
			},
		},
		Outcomes: []check.Outcome{
			{ID: "relay-good", Area: relay, Severity: check.Error, Title: "relays are good", Status: check.Passed, Note: "2 ms"},
			{
				ID: "relay-bad", Area: relay, Severity: check.Error, Title: "relays are not bad", Why: "Bad relays break the mesh.", Status: check.Failed,
				Findings: []check.Finding{{
					Severity: check.Error, Message: "the relay is bad", Observed: "<bad>", Expected: "good", Remedy: "Make it good:\n- name: X\n  value: good",
					Subject: check.Subject{Kind: "StatefulSet", Namespace: "coder", Name: "coder", Container: "coder", Replica: "coder-1", File: "values.yaml", Line: 7},
				}},
			},
			{ID: "relay-off", Area: relay, Severity: check.Error, Title: "relays are on", Status: check.Skipped, Skip: check.Skip{Reason: "custom relays"}},
			{ID: "relay-off-too", Area: relay, Severity: check.Error, Title: "relays are on too", Status: check.Skipped, Skip: check.Skip{Reason: "custom relays"}},
			{ID: "postgres-open", Area: postgres, Severity: check.Error, Title: "the server answers", Status: check.Skipped, Skip: check.Skip{Reason: "no URL is known", Proof: "give --postgres-url"}},
			{ID: "postgres-left-out", Area: postgres, Severity: check.Error, Title: "the server is new", Status: check.Skipped, Suppressed: true, Skip: check.Skip{Reason: "suppressed by --skip"}},
			{
				ID: "postgres-slow", Area: postgres, Severity: check.Warning, Title: "the server is near", Why: "Each request asks it several times.", Status: check.Failed,
				Findings: []check.Finding{{Severity: check.Warning, Message: "12 ms", Subject: check.Subject{Name: "db.example.com"}}},
			},
		},
		Postgres: &Postgres{Reachable: true, ServerVersion: "17.10", Latency: &Latency{Min: 11, Median: 12, P95: 14.5, Jitter: 0.5, Samples: 9}},
	}
}

func write(t *testing.T, o Output, r Report) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, o.Write(border.New(&out, nil), r))
	return out.Bytes()
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		golden string
		output Output
		change func(*Report)
	}{
		{"text.golden", Output{}, nil},
		{"color.golden", Output{Color: "always"}, nil},
		{"verbose.golden", Output{Verbose: true}, nil},
		{"json.golden", Output{Format: "json"}, nil},
		{"yaml.golden", Output{Format: "yaml"}, nil},
		{"short.golden", Output{Format: "short"}, nil},
		{"short-good.golden", Output{Format: "short"}, func(r *Report) { r.Outcomes = r.Outcomes[:1] }},
		{"markdown.golden", Output{Format: "markdown"}, nil},
		{"markdown-good.golden", Output{Format: "markdown"}, func(r *Report) { r.Outcomes = r.Outcomes[:1] }},
		{"junit.golden", Output{Format: "junit"}, nil},
		{"junit-strict.golden", Output{Format: "junit"}, func(r *Report) { r.Strict, r.FailOn, r.Incomplete = true, check.Warning, "interrupted" }},
		{"junit-refused.golden", Output{Format: "junit"}, func(r *Report) {
			r.Outcomes, r.Deployment.Refusal, r.RefusalFails = r.Outcomes[:1], "coder.replicaCount is 3", true
		}},
		{"short-refused.golden", Output{Format: "short"}, func(r *Report) { r.Outcomes, r.Deployment.Refusal = r.Outcomes[:1], "coder.replicaCount is 3" }},
		{"sarif-refused.golden", Output{Format: "sarif"}, func(r *Report) { r.Outcomes, r.Deployment.Refusal = r.Outcomes[:1], "coder.replicaCount is 3" }},
		{"sarif.golden", Output{Format: "sarif"}, nil},
		{"html.golden", Output{Format: "html"}, func(r *Report) { *r = measured(3, 3) }},
		{"good.golden", Output{}, func(r *Report) { r.Outcomes = r.Outcomes[:1] }},
		{"unverified.golden", Output{}, func(r *Report) { r.Outcomes = append(r.Outcomes[:1:1], r.Outcomes[4]) }},
		{"refused.golden", Output{}, func(r *Report) {
			r.Outcomes, r.Deployment.Refusal = r.Outcomes[:1], "coder.replicaCount is 3"
		}},
		{"interrupted.golden", Output{}, func(r *Report) { r.Outcomes, r.Incomplete = r.Outcomes[:1], "interrupted" }},
	} {
		t.Run(c.golden, func(t *testing.T) {
			r := sample()
			if c.change != nil {
				c.change(&r)
			}
			got := write(t, c.output, r)
			path := filepath.Join("testdata", c.golden)
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, got, 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
		})
	}
}

func TestTheVerdictFollowsTheFlags(t *testing.T) {
	warning := sample()
	warning.Outcomes = warning.Outcomes[6:]
	open := sample()
	open.Outcomes = open.Outcomes[4:5]
	for _, c := range []struct {
		name   string
		report Report
		change func(*Report)
		fails  bool
		want   string
	}{
		{"an error fails", sample(), nil, true, "fail"},
		{"a warning does not", warning, nil, false, "warn"},
		{"a warning does with --fail-on warning", warning, func(r *Report) { r.FailOn = check.Warning }, true, "fail"},
		{"what is unproven does not fail", open, nil, false, "pass"},
		{"what is unproven fails with --strict", open, func(r *Report) { r.Strict = true }, true, "fail"},
		{"what does not apply never fails", sample(), func(r *Report) { r.Strict = true; r.Outcomes = r.Outcomes[2:4] }, false, "pass"},
		{"what nobody asked for never fails", sample(), func(r *Report) {
			r.Strict = true
			r.Outcomes = []check.Outcome{{ID: "relay-unreachable", Severity: check.Error, Status: check.Skipped, Skip: check.Skip{Reason: "only replicas that run can be asked", Flag: "--in-cluster"}}}
		}, false, "pass"},
		{"what is suppressed never fails", sample(), func(r *Report) { r.Strict = true; r.Outcomes = r.Outcomes[5:6] }, false, "pass"},
		{"a run that was cut short is incomplete", open, func(r *Report) { r.Incomplete = "interrupted" }, false, "incomplete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.report)
			}
			assert.Equal(t, c.fails, c.report.Fails())
			assert.Equal(t, c.want, c.report.Verdict())
		})
	}
}

func TestTheEndSaysWhichFlagWouldAskForMore(t *testing.T) {
	t.Parallel()
	r := sample()
	r.Outcomes = []check.Outcome{
		{ID: "relay-url-missing", Severity: check.Error, Status: check.Passed},
		{ID: "relay-unreachable", Severity: check.Error, Status: check.Skipped, Skip: check.Skip{Reason: "only replicas that run can be asked", Flag: "--in-cluster"}},
		{ID: "relay-latency", Severity: check.Warning, Status: check.Skipped, Skip: check.Skip{Reason: "only replicas that run can be asked", Flag: "--in-cluster"}},
	}
	assert.Contains(t, string(write(t, Output{Format: "text"}, r)), `1 passed, 0 failed (0 errors, 0 warnings, 0 info), 2 skipped
~ not asked: 2 checks (1 of severity error), which ask replicas that run
    to ask pods in their place: --in-cluster
Result: passed
`)
	assert.Contains(t, string(write(t, Output{Format: "json"}, r)), `"skipFlag": "--in-cluster"`)
	r.Running = &Running{}
	assert.NotContains(t, string(write(t, Output{Format: "text"}, r)), "not asked", "helm coder-ha status has no such flag")
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	err := Output{Format: "toml"}.Write(border.New(io.Discard, nil), Report{})
	assert.EqualError(t, err, `unknown output format "toml": use one of text, short, markdown, html, json, yaml, junit, sarif`)
}

func TestJSONFitsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile("../../../docs/report.schema.json")
	require.NoError(t, err)
	empty := Report{FailOn: check.Error}
	interrupted := sample()
	interrupted.Incomplete = "interrupted"
	for _, r := range []Report{sample(), empty, interrupted} {
		got, err := jsonschema.UnmarshalJSON(bytes.NewReader(write(t, Output{Format: "json"}, r)))
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(got))
	}
}

// TestTheSchemaNamesEveryFieldOfACheck would notice a field that was added to the
// reports alone.
func TestTheSchemaNamesEveryFieldOfACheck(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/report.schema.json")
	require.NoError(t, err)
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(text, &schema))
	for name, of := range map[string]reflect.Type{"check": reflect.TypeFor[jsonCheck](), "finding": reflect.TypeFor[check.Finding]()} {
		for field := range of.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			assert.Contains(t, schema.Defs[name].Properties, key, name)
		}
	}
}
