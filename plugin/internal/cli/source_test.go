package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

func TestManifestsBesideValuesAreAddedToTheChart(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	require.NoError(t, os.WriteFile(secret, []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: coder}\nstringData: {url: 'postgres://coder:hunter2@pg-ro.db.svc.invalid/coder?sslmode=verify-full'}\n"), 0o600))
	got := command(t, "", "validate", "--manifest", secret, "--set", "coder.image.tag=v2.38.0", "--set", "coder.replicaCount=3",
		"--set-json", `coder.env=[{"name":"CODER_ACCESS_URL","value":"https://coder.example.com"},{"name":"CODER_PG_CONNECTION_URL","valueFrom":{"secretKeyRef":{"name":"db","key":"url"}}}]`)
	assert.Equal(t, run.ExitFindings, got.code, got.err)
	assert.Contains(t, got.out, "the plugin's own chart")
	assert.Contains(t, got.out, "× postgres-url-multihost")
	assert.NotContains(t, got.out+got.err, "hunter2")
}

func TestAVersionThatIsNoneIsRefused(t *testing.T) {
	got := command(t, goodManifest, "validate", "--manifest", "-", "--coder-version", "newest")
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, `--coder-version "newest" is not a version of Coder: use a form like 2.37`)
	got = command(t, goodManifest, "validate", "--manifest", "-", "--coder-version", "v2.34.1")
	assert.Equal(t, run.ExitOK, got.code)
	assert.Contains(t, got.out, "Coder 2.34")
}
