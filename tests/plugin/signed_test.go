package plugin_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// signer is the name of the key that signs in these tests.
const signer = "coder-ha tests"

// keyrings makes a key and writes the keyrings that Helm reads, the secret one
// for who signs and the public one for who verifies.
func keyrings(t *testing.T) (secret, public string) {
	t.Helper()
	key, err := openpgp.NewEntity(signer, "", "tests@example.com", nil)
	require.NoError(t, err)
	dir := t.TempDir()
	secret, public = filepath.Join(dir, "secring.gpg"), filepath.Join(dir, "pubring.gpg")

	file, err := os.Create(secret)
	require.NoError(t, err)
	require.NoError(t, key.SerializePrivate(file, nil))
	require.NoError(t, file.Close())

	file, err = os.Create(public)
	require.NoError(t, err)
	require.NoError(t, key.Serialize(file))
	require.NoError(t, file.Close())
	return secret, public
}

func TestASignedPackageIsVerifiedByHelm4(t *testing.T) {
	secret, public := keyrings(t)
	dist := packaged(t, "SIGN_KEY="+signer, "SIGN_KEYRING="+secret)
	archive := only(t, dist, "coder-ha-[0-9]*.tgz")
	path, err := checkout.Helm4()
	require.NoError(t, err)

	t.Run("and installed", func(t *testing.T) {
		h := newHelm(t, path)
		installed := h.run(t, "plugin", "install", archive, "--keyring", public)
		require.Equal(t, 0, installed.Code, installed.Stderr)
		assert.Regexp(t, `(?m)^coder-ha\s.*\ssigned\s`, h.run(t, "plugin", "list").Stdout)
		assert.Equal(t, 0, h.run(t, "coder-ha", "version").Code)
	})
	t.Run("and refused when it was changed after signing", func(t *testing.T) {
		text, err := os.ReadFile(archive)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(archive, append(text, 0), 0o600))
		assert.NotEqual(t, 0, newHelm(t, path).run(t, "plugin", "install", archive, "--keyring", public).Code)
	})
}
