package plugin_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"mvdan.cc/sh/v3/syntax"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// recipe is the block of docs/ci.md that shows a file.
func recipe(t *testing.T, file string) string {
	t.Helper()
	page, err := manual.Open("docs/ci.md")
	require.NoError(t, err)
	for _, b := range page.Blocks() {
		if b.File() == file {
			return b.Text
		}
	}
	t.Fatalf("docs/ci.md shows no %s", file)
	return ""
}

// runner is a machine of a CI system: a folder with the files of docs/ci.md, Helm 3
// without plugins, and the archives of a release.
type runner struct {
	reader
	releases string
}

func newRunner(t *testing.T) runner {
	t.Helper()
	path, err := checkout.Helm3()
	require.NoError(t, err)
	h, bin := newHelm(t, path), t.TempDir()
	require.NoError(t, os.Symlink(path, filepath.Join(bin, "helm")))
	page, err := manual.Open("docs/ci.md")
	require.NoError(t, err)
	dist := release(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/gzip")
		http.ServeFile(w, r, filepath.Join(dist, filepath.Base(r.URL.Path)))
	}))
	t.Cleanup(server.Close)
	return runner{reader: newReaders(t).reader(t, h, bin, page), releases: server.URL}
}

// release makes the archives of a release for this machine's platform.
func release(t *testing.T) string {
	t.Helper()
	root, err := checkout.Path(".")
	require.NoError(t, err)
	dist := t.TempDir()
	build := exec.CommandContext(t.Context(), "make", "-C", root, "--no-print-directory", "package", "DIST="+dist, "PLATFORMS="+runtime.GOOS+"-"+runtime.GOARCH)
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return dist
}

// releases is where the recipes load archives from.
const releases = "https://github.com/coder-ha/coder-ha/releases/download"

// do runs a step, with its variables.
func (r runner) do(t *testing.T, name, script string, env map[string]string) {
	t.Helper()
	variables := slices.Clone(r.env)
	for _, key := range slices.Sorted(maps.Keys(env)) {
		value := strings.NewReplacer(releases, r.releases, "${{ secrets.CODER_PG_CONNECTION_URL }}", r.url).Replace(env[key])
		require.NotContains(t, value, "${{", name)
		variables = append(variables, key+"="+value)
	}
	got := run(t, command.Command{Path: "/bin/bash", Args: []string{"-e", "-o", "pipefail", "-c", script}, Dir: r.dir, Env: variables})
	assert.Equal(t, 0, got.Code, "%s\n%s%s", name, got.Stdout, got.Stderr)
}

// TestTheRecipeForGitHubActionsWorks lints the workflow and runs its steps. What asks
// GitHub is parsed.
func TestTheRecipeForGitHubActionsWorks(t *testing.T) {
	const file = ".github/workflows/coder-ha.yml"
	text := recipe(t, file)
	r := newRunner(t)
	linter, err := checkout.Actionlint()
	require.NoError(t, err)
	r.write(t, file, text)
	linted := run(t, command.Command{Path: linter, Args: []string{"-shellcheck=", "-pyflakes=", file}, Dir: r.dir, Env: r.env})
	assert.Equal(t, 0, linted.Code, linted.Stdout+linted.Stderr)

	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Name, Run string
				Env       map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &workflow))
	ran := 0
	for _, step := range workflow.Jobs["validate"].Steps {
		if step.Run == "" {
			continue
		}
		_, err := syntax.NewParser().Parse(strings.NewReader(step.Run), step.Name)
		require.NoError(t, err)
		if step.Name != "Comment" {
			r.do(t, step.Name, step.Run, step.Env)
			ran++
		}
	}
	assert.Equal(t, 2, ran)
	assert.FileExists(t, filepath.Join(r.dir, "report.sarif"))
	comment, err := os.ReadFile(filepath.Join(r.dir, "report.md"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(comment), "<!-- coder-ha -->\n"), "the next run finds its comment by that")
}

// TestTheRecipeForGitLabWorks holds the pipeline to GitLab's schema and runs its
// scripts.
func TestTheRecipeForGitLabWorks(t *testing.T) {
	text := recipe(t, ".gitlab-ci.yml")
	schema, err := jsonschema.NewCompiler().Compile("testdata/schemas/gitlab-ci.json")
	require.NoError(t, err)
	var document any
	require.NoError(t, yaml.Unmarshal([]byte(text), &document))
	require.NoError(t, schema.Validate(document))

	var pipeline map[string]struct {
		Variables map[string]string
		Before    []string `json:"before_script"`
		Script    []string
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &pipeline))
	job := pipeline["coder-ha"]
	require.NotEmpty(t, job.Script)
	r := newRunner(t)
	for _, script := range slices.Concat(job.Before, job.Script) {
		r.do(t, script, script, job.Variables)
	}
	assert.FileExists(t, filepath.Join(r.dir, "report.xml"))
}

// TestTheHooksForPreCommitWork runs pre-commit itself in a repository with the recipe.
func TestTheHooksForPreCommitWork(t *testing.T) {
	hooks, err := checkout.Path(".pre-commit-hooks.yaml")
	require.NoError(t, err)
	manifest, err := os.ReadFile(hooks)
	require.NoError(t, err)
	path, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, path)
	page, err := manual.Open("docs/ci.md")
	require.NoError(t, err)
	upstream, _ := upstreamCharts(t)
	r := readers{upstream: upstream}.reader(t, h, h.installedByName(t), page)
	published := filepath.Join(t.TempDir(), "coder-ha")
	require.NoError(t, os.Mkdir(published, 0o700))
	require.NoError(t, writeFile(filepath.Join(published, ".pre-commit-hooks.yaml"), string(manifest)))
	require.NoError(t, writeFile(filepath.Join(r.dir, ".pre-commit-config.yaml"),
		strings.Replace(recipe(t, ".pre-commit-config.yaml"), "https://github.com/coder-ha/coder-ha", published, 1)))
	git := func(dir string, words ...string) {
		t.Helper()
		got := r.shell(t, dir, "git "+strings.Join(words, " "))
		require.Equal(t, 0, got.Code, got.Stderr)
	}
	for _, dir := range []string{published, r.dir} {
		git(dir, "init", "-q")
		git(dir, "add", ".")
		git(dir, "-c user.name=test -c user.email=test@example.com commit -q -m First")
	}
	git(published, "tag", "v0.1.0")
	installed := r.shell(t, r.dir, "pre-commit install")
	require.Equal(t, 0, installed.Code, installed.Stderr)

	validated := r.shell(t, r.dir, "pre-commit validate-config && pre-commit validate-manifest "+hooks)
	require.Equal(t, 0, validated.Code, validated.Stdout+validated.Stderr)
	first := r.shell(t, r.dir, "pre-commit run --all-files")
	assert.Equal(t, 1, first.Code, first.Stdout+first.Stderr)
	assert.Regexp(t, `helm coder-ha validate\.+Passed`, first.Stdout)
	assert.Regexp(t, `helm coder-ha inject --check\.+Failed`, first.Stdout)
	assert.Contains(t, first.Stdout, "+            - name: CODER_DERP_SERVER_RELAY_URL")
	second := r.shell(t, r.dir, "helm coder-ha inject -f deploy/ -i && pre-commit run --all-files")
	assert.Equal(t, 0, second.Code, second.Stdout+second.Stderr)
	require.NoError(t, writeFile(filepath.Join(r.dir, "values.yaml"), "coder:\n  env:\n    - name: CODER_DERP_SERVER_RELAY_URL\n      value: http://localhost:8080\n  replicaCount: 3\n"))
	third := r.shell(t, r.dir, "pre-commit run --all-files coder-ha-validate")
	assert.Equal(t, 1, third.Code, third.Stdout+third.Stderr)
	assert.Contains(t, third.Stdout, "relay-url-loopback")
}

func (r reader) shell(t *testing.T, dir, script string) command.Result {
	t.Helper()
	return run(t, command.Command{Path: "/bin/bash", Args: []string{"-e", "-c", script}, Dir: dir, Env: r.env})
}
