package plugin_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
	"github.com/coder-ha/coder-ha/tests/postgres/preflight"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// TestTheCommandsOfTheManualWork runs the commands of every page from top to bottom, in
// one folder for each page, as a reader does. What needs a cluster, a host of its own or
// the network is not run here: real programs parse its flags.
func TestTheCommandsOfTheManualWork(t *testing.T) {
	pages, err := manual.Pages()
	require.NoError(t, err)
	world := newReaders(t)
	underBothHelms(t, func(t *testing.T, h helm) {
		bin := h.installedByName(t)
		world.programs(t, bin)
		for _, p := range pages {
			t.Run(p.File, func(t *testing.T) {
				r := world.reader(t, h, bin, p)
				for _, b := range p.Blocks() {
					assert.True(t, b.Known(), "line %d: %v", b.Line, b.Words)
					if !b.Needs(h.other()) {
						r.follow(t, b)
					}
				}
			})
		}
	})
}

// other is the word of blocks that are for the other Helm.
func (h helm) other() string {
	if strings.HasSuffix(h.path, "helm4") {
		return manual.Helm3
	}
	return manual.Helm4
}

// readers have what all readers of the manual have: a clone of this repository, another
// chart, and a database.
type readers struct {
	url, upstream string
}

func newReaders(t *testing.T) readers {
	t.Helper()
	upstream, _ := upstreamCharts(t)
	server, err := postgrestest.Start(t.Context(), postgrestest.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	url := preflight.CoderDatabase(t, server, preflight.CoderRows{Version: 535, Replicas: preflight.ThreeReplicas()})
	require.NoError(t, server.Exec(t.Context(), preflight.DatabaseOf(t, url), unreachable...))
	return readers{url: url, upstream: upstream}
}

// unreachable makes of three replicas what docs/troubleshooting.md shows: the relay URL
// of one lacks its port.
var unreachable = []string{
	"UPDATE replicas SET version = 'v2.37.2', relay_address = 'http://10.0.0.' || right(hostname, 1)::int + 1 || ':8080'",
	"UPDATE replicas SET relay_address = 'http://10.0.0.3' WHERE hostname = 'coder-2'",
	`UPDATE replicas SET error = 'Failed to dial peers: ping sibling replica coder-2 (http://10.0.0.3): Get "http://10.0.0.3/derp/latency-check": dial tcp 10.0.0.3:80: connect: connection refused' WHERE hostname <> 'coder-2'`,
}

// programs puts the programs that the manual names beside helm.
func (readers) programs(t *testing.T, bin string) {
	t.Helper()
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	this, err := os.Executable()
	require.NoError(t, err)
	for name, target := range map[string]string{"coder-ha": plugin, "kubectl": this, "kustomize": this} {
		at := filepath.Join(bin, name)
		if _, err := os.Lstat(at); err == nil {
			at = filepath.Join(bin, "bin-"+name)
		}
		require.NoError(t, os.Symlink(target, at))
	}
}

// reader is somebody in a folder with the files of one page.
type reader struct {
	readers
	helm helm
	dir  string
	env  []string
}

func (w readers) reader(t *testing.T, h helm, bin string, p manual.Page) reader {
	t.Helper()
	r := reader{readers: w, helm: h, dir: t.TempDir(), env: append(slices.Clone(h.env), "PATH="+bin+":"+os.Getenv("PATH"))}
	for _, name := range []string{"charts", "docs", "tests"} {
		target, err := checkout.Path(name)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(target, filepath.Join(r.dir, name)))
	}
	require.NoError(t, os.Symlink(w.upstream, filepath.Join(r.dir, "other-chart")))
	files := commonFiles(t)
	files["url"] = w.url
	for name, text := range files {
		r.write(t, name, text)
	}
	injected := h.alone(t, "inject", "-f", filepath.Join(r.dir, "ready.yaml"), "-i")
	require.Equal(t, 0, injected.Code, injected.Stderr)
	if !p.Says("--out hosts") {
		r.write(t, "hosts-url", elsewhere)
		h.renderHosts(t, filepath.Join(r.dir, "hosts"), readPage(t), "--postgres-url-file", filepath.Join(r.dir, "hosts-url"))
	}
	return r
}

// elsewhere is the database of hosts, which only they reach.
const elsewhere = "postgres://coder@db.invalid/coder"

// commonFiles are those that pages speak of without showing them: what a reader brings.
func commonFiles(t *testing.T) map[string]string {
	t.Helper()
	ha := readPage(t)
	unit := "[Service]\nEnvironmentFile=/etc/coder.d/coder.env\n"
	files := map[string]string{
		"values.yaml": ha.files["values.yaml"], "your-values.yaml": ha.files["values.yaml"],
		"deploy/coder.yaml": ha.files["coder.yaml"], "coder.yaml": ha.files["coder.yaml"],
		"kustomization.yaml": "resources: [ready.yaml]\n", "ready.yaml": ha.files["coder.yaml"],
		"coder.service": unit,
		"hosts.csv":     "name,CODER_ACCESS_URL,CODER_HTTP_ADDRESS,CODER_DERP_SERVER_RELAY_URL,CODER_PG_CONNECTION_URL\n",
	}
	for i := range 3 {
		relay := fmt.Sprintf("http://10.0.0.%d:80", i+1)
		env := "CODER_ACCESS_URL=https://coder.example.com\nCODER_HTTP_ADDRESS=0.0.0.0:80\nCODER_DERP_SERVER_RELAY_URL=" + relay +
			fmt.Sprintf("\nCODER_CLUSTER_HOST=10.0.0.%d\n", i+1) + "CODER_PG_CONNECTION_URL=" + elsewhere + "\n"
		files[fmt.Sprintf("%c.env", 'a'+i)] = env
		files["hosts.csv"] += fmt.Sprintf("coder-%d,https://coder.example.com,0.0.0.0:80,%s,%s\n", i+1, relay, elsewhere)
	}
	return files
}

func (r reader) write(t *testing.T, name, text string) {
	t.Helper()
	at := filepath.Join(r.dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o700))
	require.NoError(t, writeFile(at, text))
}

// follow does what a block says: it writes its file, or runs its commands.
func (r reader) follow(t *testing.T, b manual.Block) {
	t.Helper()
	if name := b.File(); name != "" && !filepath.IsAbs(name) {
		r.write(t, name, b.Text)
	}
	if b.Language != "console" {
		return
	}
	commands := b.Commands()
	want, err := b.Exit()
	require.NoError(t, err)
	for i, c := range commands {
		name := fmt.Sprintf("line %d: %s", b.Line, c.Line)
		script, err := understand(c.Line, b)
		require.NoError(t, err, name)
		for _, question := range script.parsed {
			r.parses(t, question)
		}
		if script.run == "" {
			continue
		}
		got := r.bash(t, script.run)
		code := 0
		if i == len(commands)-1 {
			code = want
		}
		assert.Equal(t, code, got.Code, "%s\n%s%s", name, got.Stdout, got.Stderr)
		if c.Shown {
			printed := got.Stdout + got.Stderr
			missing := manual.Missing(c.Output, printed, func(line string) string { return strings.TrimRight(line, " ") })
			assert.Empty(t, missing, "%s: it prints\n%s", name, printed)
		}
	}
}

// parses asks a program whether it knows the words that follow.
func (r reader) parses(t *testing.T, line string) {
	t.Helper()
	got := r.bash(t, line)
	assert.Equal(t, 0, got.Code, "%s\n%s%s", line, got.Stdout, got.Stderr)
}

func (r reader) bash(t *testing.T, script string) command.Result {
	t.Helper()
	script = strings.ReplaceAll(script, "coder-v2/coder", r.upstream)
	env := r.env
	if strings.Contains(script, "postgres") {
		env = append(slices.Clone(env), "CODER_PG_CONNECTION_URL="+r.url)
	}
	return run(t, command.Command{Path: "/bin/bash", Args: []string{"-e", "-c", script}, Dir: r.dir, Env: env})
}
