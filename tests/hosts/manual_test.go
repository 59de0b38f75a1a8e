//go:build hosts && linux

package hosts

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// hostsPage is the page by which the hosts are made.
const hostsPage = "docs/hosts.md"

// reader follows docs/hosts.md in a folder.
type reader struct {
	page   manual.Page
	plugin string
	url    string
	// dir is the folder of the page: the environment files, and the URL of the database
	// in a file of its own. whole is that of other pages: the files have the URL.
	dir, whole string
}

func newReader(t *testing.T, url string) reader {
	t.Helper()
	page, err := manual.Open(hostsPage)
	require.NoError(t, err)
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	return reader{page: page, plugin: plugin, url: url, dir: t.TempDir(), whole: t.TempDir()}
}

// own puts what is here in the place of what readers have: no certificate is for the
// name of the page, and the program needs no Helm.
func (r reader) own(text string) string {
	return strings.NewReplacer("https://coder.example.com", "http://coder.example.com", "helm coder-ha", r.plugin).Replace(text)
}

// renders writes the files of the page, and runs its command that makes those of the
// hosts.
func (r reader) renders(t *testing.T) {
	t.Helper()
	rendered := 0
	for _, b := range r.page.Blocks() {
		if name := b.File(); name != "" {
			for _, dir := range []string{r.dir, r.whole} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(r.own(b.Text)), 0o600))
			}
		}
		for _, s := range statements(t, b) {
			if strings.Contains(s.Text, "--out hosts") {
				run(t, "sh", "-c", "cd "+r.dir+" && "+r.own(s.Text))
				run(t, "sh", "-c", "cd "+r.whole+" && printf %s '"+r.url+"' >url && chmod 600 url && "+r.own(s.Text)+" --postgres-url-file url")
				rendered++
			}
		}
	}
	require.Equal(t, 1, rendered)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "secrets.env"), []byte("CODER_PG_CONNECTION_URL="+r.url+"\n"), 0o600))
}

// asks runs the command of the page that asks the hosts, on one of them.
func (r reader) asks(t *testing.T, h *host) {
	t.Helper()
	asked := 0
	for _, b := range r.page.Blocks() {
		for _, c := range probes(t, b) {
			code, err := b.Exit()
			require.NoError(t, err)
			printed := r.on(t, h, r.dir, c.Line, code)
			assert.Empty(t, manual.Missing(c.Output, printed, manual.Shape), "%s prints\n%s", c.Line, printed)
			asked++
		}
	}
	assert.Equal(t, 1, asked)
}

// asksEverywhereElse runs the commands of the other pages that ask hosts.
func (r reader) asksEverywhereElse(t *testing.T, h *host) {
	t.Helper()
	pages, err := manual.Pages()
	require.NoError(t, err)
	asked := 0
	for _, p := range pages {
		if p.File == hostsPage {
			continue
		}
		for _, b := range p.Blocks() {
			for _, c := range probes(t, b) {
				r.on(t, h, r.whole, c.Line, 0)
				asked++
			}
		}
	}
	assert.GreaterOrEqual(t, asked, 3)
}

// probes are the commands of a block that ask hosts.
func probes(t *testing.T, b manual.Block) []manual.Command {
	t.Helper()
	if b.Language != "console" {
		return nil
	}
	var found []manual.Command
	for _, c := range b.Commands() {
		for _, s := range read(t, c) {
			if strings.Contains(s.Text, "--probe") {
				found = append(found, manual.Command{Line: s.Text, Output: c.Output})
			}
		}
	}
	return found
}

func statements(t *testing.T, b manual.Block) []manual.Statement {
	t.Helper()
	var all []manual.Statement
	if b.Language == "console" {
		for _, c := range b.Commands() {
			all = append(all, read(t, c)...)
		}
	}
	return all
}

func read(t *testing.T, c manual.Command) []manual.Statement {
	t.Helper()
	all, err := manual.Statements(c.Line)
	require.NoError(t, err)
	return all
}

// on runs a command on a host, in a folder.
func (r reader) on(t *testing.T, h *host, dir, line string, code int) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "nsenter", append(h.inside("sh"), "-c", "cd "+dir+" && "+r.own(line))...)
	said, err := cmd.CombinedOutput()
	require.Equal(t, code, cmd.ProcessState.ExitCode(), "%s: %v\n%s", line, err, said)
	return string(said)
}
