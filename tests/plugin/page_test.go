package plugin_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
	"github.com/coder-ha/coder-ha/tests/postgrestest"
)

// page is docs/high-availability.md, taken apart.
type page struct {
	// files are the snippets that name their file in the first line.
	files map[string]string
	// env is the snippet that starts with env.
	env string
	// commands are what the page tells people to run, with what it prints if the
	// page shows that.
	commands []shown
}

type shown struct{ line, output string }

// block finds the fenced blocks of a page, word the commands in its tables.
var (
	block = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	word  = regexp.MustCompile("`(helm (?:[^`\\\\]|\\\\\\|)*)`")
)

func readPage(t *testing.T) page {
	t.Helper()
	path, err := checkout.Path("docs/high-availability.md")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	p := page{files: map[string]string{}}
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		kind, content := m[1], m[2]
		first, rest, _ := strings.Cut(content, "\n")
		name, named := strings.CutPrefix(first, "# ")
		switch {
		case kind == "console":
			for part := range strings.SplitSeq(strings.TrimPrefix(content, "$ "), "\n$ ") {
				// A line that ends with a backslash goes on.
				part = strings.ReplaceAll(part, "\\\n", " ")
				line, output, _ := strings.Cut(part, "\n")
				p.commands = append(p.commands, shown{line, output})
			}
		case kind == "yaml" && named:
			p.files[name] = content
		case kind == "yaml" && first == "env:":
			p.env = rest
		default:
			t.Errorf("a block of the page that no test knows:\n%s", content)
		}
	}
	for _, m := range word.FindAllStringSubmatch(block.ReplaceAllString(string(text), ""), -1) {
		p.commands = append(p.commands, shown{line: strings.ReplaceAll(m[1], `\|`, "|")})
	}
	require.NotEmpty(t, p.commands)
	return p
}

// codes are the exit codes of the commands that do not end with 0.
var codes = map[string]int{"helm coder-ha inject -f deploy/ --check": 1}

// dry renders what the page installs: tests/e2e does that on a real cluster, and
// tests the release.
var (
	dry         = strings.NewReplacer("helm install ", "helm template ", "helm upgrade ", "helm template ")
	clusterOnly = []string{"helm test coder -n coder", "helm coder-ha status coder -n coder --wait"}
)

// TestTheCommandsOfThePageOnHighAvailabilityWork runs every command of the page, in a
// folder with its files.
func TestTheCommandsOfThePageOnHighAvailabilityWork(t *testing.T) {
	whole, bare := upstreamCharts(t)
	server, err := postgrestest.Start(t.Context(), postgrestest.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop()) })
	url, err := server.CreateDatabase(t.Context(), "coder")
	require.NoError(t, err)
	p := readPage(t)
	underBothHelms(t, func(t *testing.T, h helm) {
		path := h.installedByName(t)
		for _, c := range p.commands {
			if strings.HasSuffix(h.path, "helm4") == strings.Contains(c.line, "--post-renderer helm ") && strings.Contains(c.line, "--post-renderer") {
				continue // for the other Helm
			}
			if slices.Contains(clusterOnly, c.line) {
				continue
			}
			t.Run(c.line, func(t *testing.T) {
				dir := t.TempDir()
				for name, text := range p.files {
					require.NoError(t, writeFile(filepath.Join(dir, name), text))
				}
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "deploy"), 0o700))
				require.NoError(t, writeFile(filepath.Join(dir, "deploy", "coder.yaml"), p.files["coder.yaml"]))
				require.NoError(t, writeFile(filepath.Join(dir, "url"), url))
				h.renderHosts(t, filepath.Join(dir, "hosts"), p)
				require.NoError(t, os.Mkdir(filepath.Join(dir, "charts"), 0o700))
				require.NoError(t, os.Symlink(chart(t), filepath.Join(dir, "charts", "coder")))
				require.NoError(t, os.Symlink(bare, filepath.Join(dir, "other-chart")))

				line := strings.ReplaceAll(dry.Replace(c.line), "coder-v2/coder", whole)
				got := run(t, command.Command{
					Path: "/bin/sh", Args: []string{"-c", line}, Dir: dir,
					Env: append(slices.Clone(h.env), "PATH="+path+":"+os.Getenv("PATH"), "CODER_PG_CONNECTION_URL="+urlFor(c.line, url)),
				})
				assert.Equal(t, codes[c.line], got.Code, got.Stdout+got.Stderr)
				if c.output != "" {
					assert.Equal(t, c.output, got.Stdout)
				}
			})
		}
	})
}

// renderHosts writes the environment files of the table on the page.
func (h helm) renderHosts(t *testing.T, dir string, p page, more ...string) {
	t.Helper()
	at := slices.IndexFunc(p.commands, func(c shown) bool { return strings.HasPrefix(c.line, "helm coder-ha render ") })
	require.GreaterOrEqual(t, at, 0)
	flags := strings.Fields(strings.TrimPrefix(p.commands[at].line, "helm coder-ha "))
	rendered := h.alone(t, slices.Concat(flags, []string{"--format", "systemd", "--out", dir}, more)...)
	require.Equal(t, 0, rendered.Code, rendered.Stderr)
}

// urlFor gives the database to the commands that ask it without naming it.
func urlFor(line, url string) string {
	if strings.Contains(line, "postgres") {
		return url
	}
	return ""
}

// installedByName installs both plugins as a release is installed, in a folder with
// the plugin's name, and returns a folder with the Helm as "helm".
func (h helm) installedByName(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	require.NoError(t, os.Symlink(h.path, filepath.Join(bin, "helm")))
	plugins := map[string]string{"coder-ha": "plugin"}
	if strings.HasSuffix(h.path, "helm4") {
		plugins["coder-ha-inject"] = "plugin/postrenderer"
	}
	for _, name := range slices.Sorted(maps.Keys(plugins)) {
		dir, err := checkout.Path(plugins[name])
		require.NoError(t, err)
		link := filepath.Join(bin, name)
		require.NoError(t, os.Symlink(dir, link))
		installed := h.run(t, "plugin", "install", link)
		require.Equal(t, 0, installed.Code, installed.Stderr)
	}
	return bin
}

// TestTheEnvOnThePageIsWhatInjectWrites compares the snippet with the diff below it.
func TestTheEnvOnThePageIsWhatInjectWrites(t *testing.T) {
	p := readPage(t)
	var added []string
	for _, c := range p.commands {
		for line := range strings.Lines(c.output) {
			if text, ok := strings.CutPrefix(line, "+  "); ok {
				added = append(added, strings.TrimSpace(text))
			}
		}
	}
	var want []string
	for line := range strings.Lines(p.env) {
		want = append(want, strings.TrimSpace(line))
	}
	assert.Equal(t, want, added)
}

func TestThePicturesOfThePageExist(t *testing.T) {
	path, err := checkout.Path("docs/high-availability.md")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	pictures := regexp.MustCompile(`(?:src|srcset)="(images/[^"]+)"`).FindAllStringSubmatch(string(text), -1)
	assert.Len(t, pictures, 4)
	for _, m := range pictures {
		assert.FileExists(t, filepath.Join(filepath.Dir(path), m[1]))
	}
}
