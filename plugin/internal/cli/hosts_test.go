package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// hostFiles writes the environment files of three hosts that are right.
func hostFiles(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 3 {
		text := fmt.Sprintf("CODER_ACCESS_URL=https://coder.example.com\nCODER_HTTP_ADDRESS=0.0.0.0:80\nCODER_DERP_SERVER_RELAY_URL=http://10.0.0.%[1]d:80\nCODER_CLUSTER_HOST=10.0.0.%[1]d\n"+
			"CODER_PG_CONNECTION_URL=postgres://coder:zQ9xJ7kW@db.invalid/coder?sslmode=require\n", i+1)
		path := filepath.Join(dir, fmt.Sprintf("coder-%d.env", i+1))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
	}
	return dir
}

func TestHostsAreCheckedLikeAnyOtherDeployment(t *testing.T) {
	dir := hostFiles(t, 0o600)
	got := command(t, "", "validate", "--env-dir", dir, "--coder-version", "2.38")
	assert.Equal(t, run.ExitOK, got.code, got.out+got.err)
	assert.Contains(t, got.out, "environment files: host coder-1, host coder-2, host coder-3, Coder 2.38")
	assert.Contains(t, got.out, "coder-2     relay http://10.0.0.2:80  cluster host 10.0.0.2")

	third := filepath.Join(dir, "coder-3.env")
	text, err := os.ReadFile(third)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(third, append(text, "export CODER_OIDC_CLIENT_SECRET=zQ9xJ7kW\nCODER_SESSION_DURATION=48h\n"...), 0o600))
	got = command(t, "", "validate", "--env-dir", dir, "--coder-version", "2.38")
	assert.Equal(t, run.ExitFindings, got.code, got.out+got.err)
	assert.Contains(t, got.out, third+":6, host coder-3")
	assert.Contains(t, got.out, "× env-file-unreadable: systemd ignores the line, because it begins with export")
	assert.Contains(t, got.out, "× env-differs: CODER_SESSION_DURATION differs between coder-1 and coder-3")
	assert.NotContains(t, got.out+got.err, "zQ9xJ7kW")
}

func TestASuppressFileBesideTheEnvironmentFilesCounts(t *testing.T) {
	dir := hostFiles(t, 0o644)
	got := command(t, "", "validate", "--env-dir", dir)
	assert.Equal(t, run.ExitFindings, got.code, got.out+got.err)
	assert.Contains(t, got.out, "everyone on this machine can read the file")
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".coder-ha.yaml"), []byte("skip: [env-file-unreadable]\n"), 0o600))
	got = command(t, "", "validate", "--env-dir", dir)
	assert.Equal(t, run.ExitOK, got.code, got.out+got.err)
}

func TestHostsAndAChartAreNotMixed(t *testing.T) {
	got := command(t, "", "validate", "--env-dir", hostFiles(t, 0o600), "--set", "coder.replicaCount=3")
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, "leave out the chart, its values and --manifest")
}
