package hosts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

const databaseURL = "postgres://coder:zQ9x$J7kW@db.example.com/coder?sslmode=require"

// rendered renders two hosts into a folder.
func rendered(t *testing.T, format string) string {
	t.Helper()
	plugin, err := checkout.Plugin()
	require.NoError(t, err)
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(secret, []byte(databaseURL), 0o600))
	got, err := command.Command{
		Path: plugin, Env: command.Environment(t.TempDir()),
		Args: []string{
			"render", "--access-url", "https://coder.example.com", "--http-address", "[::]:8080", "--node", "coder-1=fd00::1", "--node", "coder-2=fd00::2",
			"--coder-version", "v2.37.1", "--format", format, "--out", dir, "--postgres-url-file", secret,
		},
	}.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, got.Code, got.Stderr)
	return dir
}

// TestSystemdTakesTheDropIn lets systemd itself judge the unit of Coder's package, as
// far as it matters, with the drop-in.
func TestSystemdTakesTheDropIn(t *testing.T) {
	dir := rendered(t, "systemd")
	unit := fmt.Sprintf("[Unit]\nDescription=Coder\n[Service]\nType=notify\nEnvironmentFile=%s\nExecStart=/bin/true server\nKillSignal=SIGINT\n", filepath.Join(dir, "coder-1.env"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "coder.service"), []byte(unit), 0o600))
	verify := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", "--recursive-errors=one", filepath.Join(dir, "coder.service"))
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	said, err := verify()
	require.NoError(t, err, said)
	assert.Empty(t, said)

	drop := filepath.Join(dir, "coder.service.d", "50-high-availability.conf")
	text, err := os.ReadFile(drop)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(drop, append(text, "KillSignal=SIGNOTHING\n"...), 0o600))
	said, _ = verify()
	assert.Contains(t, said, "SIGNOTHING", "it does read the drop-in")
}

// TestComposeTakesTheFiles lets the library of compose load each file: it holds it to
// the schema, and expands variables.
func TestComposeTakesTheFiles(t *testing.T) {
	dir := rendered(t, "compose")
	for name, address := range map[string]string{"coder-1": "fd00::1", "coder-2": "fd00::2"} {
		options, err := cli.NewProjectOptions([]string{filepath.Join(dir, name+".compose.yaml")}, cli.WithName("coder"), cli.WithEnvFiles(filepath.Join(dir, ".env")), cli.WithDotEnv)
		require.NoError(t, err)
		project, err := options.LoadProject(t.Context())
		require.NoError(t, err)
		coder := project.Services["coder"]
		env := coder.Environment.Resolve(func(string) (string, bool) { return "", false })
		assert.Equal(t, "ghcr.io/coder/coder:v2.37.1", coder.Image)
		assert.Equal(t, "host", coder.NetworkMode)
		assert.Equal(t, databaseURL, *env["CODER_PG_CONNECTION_URL"])
		assert.Equal(t, "http://["+address+"]:8080", *env["CODER_DERP_SERVER_RELAY_URL"])
		assert.Equal(t, address, *env["CODER_CLUSTER_HOST"])
	}
}
