package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// TestThePageOfHostsIsTrue runs the commands of docs/hosts.md on the files that it
// shows.
func TestThePageOfHostsIsTrue(t *testing.T) {
	text, err := os.ReadFile("../../../docs/hosts.md")
	require.NoError(t, err)
	page := string(text)
	block := func(start string) string {
		_, rest, found := strings.Cut(page, start)
		require.True(t, found, start)
		body, _, _ := strings.Cut(rest, "```")
		return body
	}
	words := func(line string) []string {
		return strings.Fields(strings.TrimPrefix(strings.TrimPrefix(line, "$ "), "helm coder-ha "))
	}
	t.Chdir(t.TempDir())

	screen := strings.ReplaceAll(block("```console\n"), " \\\n   ", "")
	line, shown, _ := strings.Cut(screen, "\n")
	got := command(t, "", words(line)...)
	assert.Equal(t, run.ExitOK, got.code, got.err)
	assert.Equal(t, shown, got.out)

	require.NoError(t, os.WriteFile("nodes.yaml", []byte(block("```yaml\n")), 0o600))
	got = command(t, "", append([]string{"render"}, words(strings.TrimSpace(block("```console\nhelm coder-ha render")))...)...)
	require.Equal(t, run.ExitOK, got.code, got.err)

	for path, from := range map[string]string{"a.env": "hosts/coder-1.env", "b.env": "hosts/coder-2.env"} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append(content, "CODER_PG_CONNECTION_URL=postgres://coder@db.invalid/coder\n"...), 0o600))
	}
	require.NoError(t, os.WriteFile("coder.service", []byte("[Service]\nEnvironmentFile=/etc/coder.d/coder.env\n"), 0o600))
	require.NoError(t, os.WriteFile("hosts.csv", []byte("name,CODER_ACCESS_URL,CODER_HTTP_ADDRESS,CODER_DERP_SERVER_RELAY_URL,CODER_PG_CONNECTION_URL\n"+
		"coder-1,https://coder.example.com,0.0.0.0:80,http://10.0.0.1:80,postgres://coder@db.invalid/coder\ncoder-2,https://coder.example.com,0.0.0.0:80,http://10.0.0.2:80,postgres://coder@db.invalid/coder\n"), 0o600))
	for line := range strings.Lines(block("```console\nhelm coder-ha validate")) {
		args := words(strings.TrimSpace(line))
		if args[0] != "validate" {
			args = append([]string{"validate"}, args...)
		}
		got := command(t, "", args...)
		assert.Equal(t, run.ExitOK, got.code, "%s\n%s", line, got.out+got.err)
	}
}
