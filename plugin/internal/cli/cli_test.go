package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// goodManifest is a deployment that every check passes or skips.
const goodManifest = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: coder, namespace: coder}
spec:
  replicas: 3
  selector: {matchLabels: {app: coder}}
  template:
    metadata: {labels: {app: coder}}
    spec:
      terminationGracePeriodSeconds: 1870
      containers:
      - name: coder
        image: ghcr.io/coder/coder:v2.38.0
        readinessProbe: {httpGet: {path: /healthz, port: 8080}}
        lifecycle: {preStop: {sleep: {seconds: 10}}}
        env:
        - {name: CODER_HTTP_ADDRESS, value: "0.0.0.0:8080"}
        - {name: CODER_ACCESS_URL, value: "https://coder.example.com"}
        - {name: KUBE_POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: CODER_DERP_SERVER_RELAY_URL, value: "http://$(KUBE_POD_IP):8080"}
        - {name: CODER_CLUSTER_HOST, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: CODER_PG_CONNECTION_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}
`

// result is one run of the command line.
type result struct {
	code     int
	out, err string
}

// command runs the command line without a cluster and without a database in the
// environment.
func command(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HELM_NAMESPACE", "coder")
	if _, set := os.LookupEnv("CODER_PG_CONNECTION_URL"); !set {
		t.Setenv("CODER_PG_CONNECTION_URL", "")
	}
	var out, talk bytes.Buffer
	code := execute(t.Context(), args, run.NewStreams(strings.NewReader(stdin), &out, &talk))
	return result{code: code, out: out.String(), err: talk.String()}
}

func TestExitCodesAndWhereTheWordsGo(t *testing.T) {
	bad := strings.Replace(goodManifest, "http://$(KUBE_POD_IP):8080", "https://coder.example.com", 1)
	warned := strings.Replace(goodManifest, "$(KUBE_POD_IP):8080", "$(KUBE_POD_IP):8080/derp", 1)
	for _, c := range []struct {
		name, stdin string
		args        []string
		code        int
		out, err    string
	}{
		{"good", goodManifest, []string{"validate", "--manifest", "-"}, 0, "Result: passed, but ", ""},
		{"bad", bad, []string{"validate", "--manifest", "-"}, 1, "× relay-url-equals-access-url", ""},
		{"a warning", warned, []string{"validate", "--manifest", "-"}, 0, "Result: passed with 1 warning, and ", ""},
		{"a warning that fails", warned, []string{"validate", "--manifest", "-", "--fail-on", "warning"}, 1, "relay-url-path-ignored", ""},
		{"unproven, but strict", goodManifest, []string{"validate", "--manifest", "-", "--strict", "--skip", "spread,disruption-budget"}, 1, "Result: failed: ", ""},
		{"bad, but skipped", bad, []string{"validate", "--manifest", "-", "--skip", "relay-url-equals-access-url,relay-url-shared,relay-url-port-mismatch,relay-tls-disabled,nonsense"}, 0, "suppressed by --skip", "unknown check \"nonsense\" in --skip"},
		{"the chart refuses", "", []string{"validate", "--set", "coder.replicaCount=3"}, 1, "× postgres-url-missing", ""},
		{"no input", "", []string{"validate", "--manifest", "-"}, 2, "", "--manifest -: it contains no Kubernetes objects"},
		{"no file", "", []string{"validate", "--manifest", "/none.yaml"}, 2, "", "/none.yaml: no such file"},
		{"no chart", "", []string{"validate", "./none"}, 2, "", `find chart "./none"`},
		{"a value of the wrong kind", "", []string{"validate", "--set", "coder.replicaCount=three"}, 2, "", "coder.replicaCount: the value does not match"},
		{"an unknown flag", "", []string{"validate", "--nope"}, 2, "", "unknown flag --nope"},
		{"an unknown format", "", []string{"validate", "-o", "toml"}, 2, "", `"toml" for "-o, --output" flag: use text, short, markdown, html, json, yaml, junit or sarif, or FORMAT=FILE`},
		{"two formats for one place", "", []string{"validate", "-o", "text", "-o", "json"}, 2, "", `"json" for "-o, --output" flag: text goes to standard output already: name a file, as in json=FILE`},
		{"two formats for one file", "", []string{"validate", "-o", "yaml=r", "-o", "json=./r"}, 2, "", `"json=./r" for "-o, --output" flag: ./r takes another format already: name another file`},
		{"an output without a file", "", []string{"validate", "-o", "json="}, 2, "", `name a file after the =, or use json alone for standard output`},
		{"an output into no folder", "", []string{"validate", "-o", "json=none/r.json"}, 2, "", `--output json=none/r.json: stat none: no such file or directory`},
		{"an unknown severity", "", []string{"validate", "--fail-on", "fatal"}, 2, "", `"fatal" for "--fail-on" flag: use error, warning or info`},
		{"an unknown color", "", []string{"validate", "--color", "pink"}, 2, "", `"pink" for "--color" flag: use auto, always or never`},
		{"an unknown family", "", []string{"validate", "--pod-ip-family", "ipv5"}, 2, "", `"ipv5" for "--pod-ip-family" flag: use ipv4 or ipv6`},
		{"no time at all", "", []string{"validate", "--timeout", "0s"}, 2, "", "--timeout 0s: use a time above 0"},
		{"too many replicas", "", []string{"postgres", "--replicas", "9223372036854775807"}, 2, "", `"9223372036854775807" for "--replicas" flag: use a number from 1 to 1000`},
		{"no replicas", "", []string{"postgres", "--replicas", "0"}, 2, "", "use a number from 1 to 1000"},
		{"a share that is none", "", []string{"validate", "--postgres-connections-warning", "0"}, 2, "", "use a number from 1 to 100"},
		{"a number that is none", "", []string{"validate", "--pending-migrations-error", "1e3"}, 2, "", "use a number from 0 to 100000"},
		{"a time before now", "", []string{"validate", "--certificate-warning", "-1h"}, 2, "", "use a time such as 30s, of 0 or more and at most ten years"},
		{"a time without end", "", []string{"validate", "--timeout", "2562047h"}, 2, "", "at most ten years"},
		{"two names", "", []string{"validate", "a", "./none", "--name", "b"}, 2, "", "release name is given twice"},
		{"a repository without a chart", "", []string{"validate", "--repo", "https://example.com"}, 2, "", "--repo needs the name of a CHART"},
		{"help", "", []string{"validate", "--help"}, 0, "Examples:", ""},
		{"flags of Helm 4 before the command", "", []string{"--color=never", "--content-cache", "/none", "version"}, 0, "coder-ha", ""},
		{"no command", "", nil, 0, "Available Commands", ""},
		{"an unknown command", "", []string{"valdiate"}, 2, "", `unknown command "valdiate": did you mean "validate"?`},
		{"a flag that is misspelled", "", []string{"validate", "--valeus", "x"}, 2, "", "unknown flag --valeus: did you mean --values?"},
		{"a check that is misspelled", goodManifest, []string{"validate", "--manifest", "-", "--skip", "relay-url-mising"}, 0, "", `unknown check "relay-url-mising" in --skip: did you mean "relay-url-missing"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := command(t, c.stdin, c.args...)
			assert.Equal(t, c.code, got.code, got)
			assert.Contains(t, got.out, c.out)
			if c.code == run.ExitUnable {
				assert.Empty(t, got.out, "nothing half-written")
			}
			if c.err == "" {
				assert.Empty(t, got.err)
			}
			assert.Contains(t, got.err, c.err)
		})
	}
}

func TestJSONIsAllThatStandsOnStandardOutput(t *testing.T) {
	got := command(t, goodManifest, "validate", "--manifest", "-", "-o", "json", "--color", "always")
	var report struct {
		SchemaVersion, Verdict string
		Summary                struct{ Failed int }
		Checks                 []struct{ ID, Status, SkipReason, SkipProof string }
		Deployment             struct{ Replicas []struct{ RelayURL string } }
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	assert.Equal(t, "1", report.SchemaVersion)
	assert.Equal(t, "pass", report.Verdict)
	assert.Len(t, report.Checks, len(checks.All()))
	seen := map[string]bool{}
	for _, r := range report.Deployment.Replicas {
		assert.False(t, seen[r.RelayURL], "relay URLs differ")
		seen[r.RelayURL] = true
	}
	for _, c := range report.Checks {
		if c.Status == "skipped" {
			assert.NotEmpty(t, c.SkipReason, c.ID)
		}
	}
}

func TestNoOutputHoldsThePassword(t *testing.T) {
	const url = "postgres://coder:hunter2@127.0.0.1:1/coder?sslmode=disable"
	manifest := strings.Replace(goodManifest, "valueFrom: {secretKeyRef: {name: db, key: url}}", `value: "`+url+`"`, 1)
	for _, args := range [][]string{
		{"--manifest", "-"},
		{"--manifest", "-", "-o", "json"},
		{"--manifest", "-", "--postgres-url", url},
		{"--manifest", "-", "--postgres-url", "postgres://coder:hunter2%zz@127.0.0.1:1/coder"},
		{"--manifest", "-", "--postgres-url", "postgres://coder:hunter2@a,b/coder"},
	} {
		got := command(t, manifest, append([]string{"validate"}, args...)...)
		assert.NotEqual(t, run.ExitOK, got.code)
		assert.NotContains(t, got.out+got.err, "hunter2", args)
	}
}

func TestAURLOnTheCommandLineIsAdvisedAgainst(t *testing.T) {
	got := command(t, goodManifest, "validate", "--manifest", "-", "--postgres-url", "postgres://coder:x@127.0.0.1:1/coder?sslmode=disable")
	assert.Contains(t, got.err, "process list")
	assert.Equal(t, run.ExitFindings, got.code)
	assert.Contains(t, got.out, "× postgres-unreachable")
}

func TestAGivenURLThatCannotBeReadIsAFinding(t *testing.T) {
	for url, id := range map[string]string{
		"mysql://coder:x@db/coder": "postgres-url-invalid", "postgres://coder:x@a,b/coder": "postgres-url-multihost",
	} {
		t.Setenv("CODER_PG_CONNECTION_URL", url)
		got := command(t, goodManifest, "validate", "--manifest", "-")
		assert.Equal(t, run.ExitFindings, got.code)
		assert.Contains(t, got.out, "× "+id)
	}
}

// silentServer accepts connections and says nothing.
func silentServer(t *testing.T) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestASilentServerIsAFindingWithinTheTimeout(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "postgres://coder:x@"+silentServer(t)+"/coder?sslmode=disable")
	got := command(t, goodManifest, "validate", "--manifest", "-", "--timeout", "2s")
	assert.Equal(t, run.ExitFindings, got.code, got)
	assert.Contains(t, got.out, "× postgres-unreachable")
}

func TestAnInterruptEndsAtOnceWithWhatIsKnown(t *testing.T) {
	t.Setenv("CODER_PG_CONNECTION_URL", "postgres://coder:x@"+silentServer(t)+"/coder?sslmode=disable")
	t.Setenv("HELM_NAMESPACE", "coder")
	ctx, cancel := context.WithCancelCause(t.Context())
	var out, talk bytes.Buffer
	time.AfterFunc(300*time.Millisecond, func() { cancel(run.ErrInterrupted) })
	code := execute(ctx, []string{"validate", "--manifest", "-"}, run.NewStreams(strings.NewReader(goodManifest), &out, &talk))
	assert.Equal(t, run.ExitInterrupted, code)
	assert.Contains(t, out.String(), "√ every replica has a relay URL")
	assert.Contains(t, out.String(), "the run ended early: interrupted")
	assert.Equal(t, "coder-ha: interrupted\n", talk.String())
}

func TestATimeOutThatCutsTheWorkShortHasItsOwnCode(t *testing.T) {
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer writer.Close()
	var out, talk bytes.Buffer
	code := execute(t.Context(), []string{"validate", "--manifest", "-", "--timeout", "200ms"}, run.NewStreams(reader, &out, &talk))
	assert.Equal(t, run.ExitTimeout, code)
	assert.Contains(t, talk.String(), "timed out after --timeout 200ms")
}

func TestChecksAreLeftOutByFileAndAnnotation(t *testing.T) {
	bad := strings.Replace(goodManifest, ":8080\"}\n        - {name: CODER_CLUSTER", ":9090\"}\n        - {name: CODER_CLUSTER", 1)
	dir := t.TempDir()
	path := filepath.Join(dir, "coder.yaml")
	require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
	assert.Equal(t, run.ExitFindings, command(t, "", "validate", "--manifest", path).code)

	annotated := strings.Replace(bad, "namespace: coder}", `namespace: coder, annotations: {coder-ha.io/ignore: "relay-url-port-mismatch, nonsense"}}`, 1)
	got := command(t, annotated, "validate", "--manifest", "-")
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "suppressed by the annotation of StatefulSet coder/coder: relay-url-port-mismatch")
	assert.Contains(t, got.err, `unknown check "nonsense" in the annotation of StatefulSet coder/coder`)

	suppress := filepath.Join(dir, ".coder-ha.yaml")
	require.NoError(t, os.WriteFile(suppress, []byte("skip: [relay-url-port-mismatch]\n"), 0o600))
	got = command(t, "", "validate", "--manifest", path)
	assert.Equal(t, run.ExitOK, got.code, got)
	assert.Contains(t, got.out, "suppressed by "+suppress)

	require.NoError(t, os.WriteFile(suppress, []byte("ignore: [x]\n"), 0o600))
	got = command(t, "", "validate", "--manifest", path)
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, suppress)
}

func TestExplainKnowsEveryCheck(t *testing.T) {
	list := command(t, "", "explain")
	for _, c := range checks.All() {
		assert.Contains(t, list.out, c.ID)
		got := command(t, "", "explain", c.ID)
		assert.Equal(t, run.ExitOK, got.code)
		assert.Contains(t, got.out, c.Why)
	}
	got := command(t, "", "explain", "nonsense")
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, `unknown check "nonsense"`)
}

func TestEveryCheckIsDeclaredInFull(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks.All() {
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, c.ID)
		assert.False(t, seen[c.ID], "%s is declared twice", c.ID)
		seen[c.ID] = true
		assert.NotEmpty(t, c.Needs, c.ID)
		for _, text := range []string{c.Title, c.Why, c.Example, c.Change, c.Remedy} {
			assert.NotEmpty(t, text, c.ID)
		}
		assert.False(t, strings.HasSuffix(c.Title, "."), c.ID)
	}
}

func TestEveryFlagWithAFixedSetIsCompleted(t *testing.T) {
	root := newRoot(run.NewStreams(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	validate, _, err := root.Find([]string{"validate"})
	require.NoError(t, err)
	for _, flag := range []string{"output", "color", "fail-on", "skip", "pod-ip-family", "dry-run"} {
		owner := validate
		if flag == "color" {
			owner = root
		}
		complete, ok := owner.GetFlagCompletionFunc(flag)
		require.True(t, ok, flag)
		words, directive := complete(validate, nil, "")
		assert.NotEmpty(t, words, flag)
		assert.Equal(t, cobra.ShellCompDirectiveNoFileComp, directive, flag)
	}
}

func TestEveryFlagSaysWhatItDoes(t *testing.T) {
	root := newRoot(run.NewStreams(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
	for _, cmd := range root.Commands() {
		assert.NotEmpty(t, cmd.Short, cmd.Name())
		if cmd.Name() != "help" && cmd.Name() != "completion" {
			assert.NotEmpty(t, cmd.Example, cmd.Name())
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) { assert.NotEmpty(t, f.Usage, "%s --%s", cmd.Name(), f.Name) })
	}
}

// TestTheBorderLeavesOurOwnWordsAlone compares with what no border has touched.
func TestTheBorderLeavesOurOwnWordsAlone(t *testing.T) {
	t.Parallel()
	streams := run.NewStreams(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
	var all, plain bytes.Buffer
	streams.Out, streams.Product = border.New(&all, streams.Secrets), nil
	for _, c := range checks.All() {
		require.NoError(t, report.Explain(io.MultiWriter(streams.Out, &plain), c))
	}
	require.NoError(t, report.Manual(io.MultiWriter(streams.Out, &plain), checks.All()))
	root := newRoot(streams)
	for _, args := range [][]string{{"completion", "bash"}, {"completion", "zsh"}, {"completion", "fish"}, {"completion", "powershell"}} {
		root.SetOut(io.MultiWriter(streams.Out, &plain))
		root.SetArgs(args)
		require.NoError(t, root.Execute())
	}
	for _, cmd := range append(root.Commands(), root) {
		cmd.SetOut(io.MultiWriter(streams.Out, &plain))
		require.NoError(t, cmd.Help())
	}
	require.NoError(t, streams.Flush())
	assert.Equal(t, plain.String(), all.String())
}

func TestTheNameOfAVariableIsNoPassword(t *testing.T) {
	url := "value: \"postgres://coder:$(DB_PASSWORD)@db.example.com/coder?sslmode=require\"}"
	got := command(t, strings.Replace(goodManifest, "valueFrom: {secretKeyRef: {name: db, key: url}}}", url, 1), "validate", "--manifest", "-")
	assert.Equal(t, run.ExitFindings, got.code, got)
	assert.Contains(t, got.out, "$(DB_PASSWORD) in the database URL is not expanded: the container does not define DB_PASSWORD")
	assert.NotContains(t, got.out, "(hidden)")
}
