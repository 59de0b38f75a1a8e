package release_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

func TestASignedPluginIsVerifiedByHelm4(t *testing.T) {
	r := published(t)
	for _, name := range []string{"coder-ha-VERSION.tgz", "coder-ha-VERSION-" + platform + ".tgz"} {
		archive := r.path(t, name)
		t.Run("and installed: "+filepath.Base(archive), func(t *testing.T) {
			h := helm4(t)
			assert.Contains(t, h.must(t, "plugin", "verify", archive, "--keyring", r.public(t)), signer)
			h.must(t, "plugin", "install", archive, "--keyring", r.public(t))
			h.must(t, "coder-ha", "version")
		})
	}
	t.Run("and listed as signed", func(t *testing.T) {
		h := helm4(t)
		h.must(t, "plugin", "install", r.path(t, "coder-ha-VERSION.tgz"), "--keyring", r.public(t))
		assert.Regexp(t, `(?m)^coder-ha\s.*\ssigned\s`, h.must(t, "plugin", "list"))
	})
	t.Run("and installed from an address", func(t *testing.T) {
		h := helm4(t)
		h.must(t, "plugin", "install", r.serve(t)+"/"+filepath.Base(r.path(t, "coder-ha-VERSION.tgz")), "--keyring", r.public(t))
		h.must(t, "coder-ha", "version")
	})
	t.Run("with the key that is published beside it", func(t *testing.T) {
		helm4(t).must(t, "plugin", "verify", r.path(t, "coder-ha-VERSION.tgz"), "--keyring", r.path(t, "signing-key.gpg"))
	})
	t.Run("and its post-renderer too", func(t *testing.T) {
		helm4(t).must(t, "plugin", "verify", r.path(t, "coder-ha-inject-VERSION.tgz"), "--keyring", r.public(t))
	})
	t.Run("and refused when it was changed after signing", func(t *testing.T) {
		broken := altered(t, r.path(t, "coder-ha-VERSION.tgz"))
		h := helm4(t)
		got := h.run(t, "plugin", "install", broken, "--keyring", r.public(t))
		assert.NotEqual(t, 0, got.Code)
		assert.Contains(t, got.Stderr, "sha256")
		assert.NotContains(t, h.must(t, "plugin", "list"), "coder-ha")
	})
	t.Run("and refused with another key", func(t *testing.T) {
		stranger, err := openpgp.NewEntity(signer, "", "tests@example.com", nil)
		require.NoError(t, err)
		assert.NotEqual(t, 0, helm4(t).run(t, "plugin", "install", r.path(t, "coder-ha-VERSION.tgz"), "--keyring", keyring(t, stranger)).Code)
	})
}

// altered copies a signed archive into a new folder with its provenance file, and
// changes the archive.
func altered(t *testing.T, archive string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(archive))
	for _, suffix := range []string{"", ".prov"} {
		text, err := os.ReadFile(archive + suffix)
		require.NoError(t, err)
		if suffix == "" {
			text = append(text, 0)
		}
		require.NoError(t, os.WriteFile(to+suffix, text, 0o600))
	}
	return to
}

func TestASignedChartIsVerifiedByBothHelms(t *testing.T) {
	r := published(t)
	archive := r.path(t, "coder-VERSION.tgz")
	underBothHelms(t, func(t *testing.T, h helm) {
		assert.Contains(t, h.must(t, "verify", archive, "--keyring", r.public(t)), signer)
		h.must(t, "template", "coder", archive, "--verify", "--keyring", r.public(t))
		broken := h.run(t, "verify", altered(t, archive), "--keyring", r.public(t))
		assert.NotEqual(t, 0, broken.Code)
		assert.Contains(t, broken.Stderr, "sha256")
	})
}

func TestTheDigestsAreSigned(t *testing.T) {
	r := published(t)
	sums, err := os.ReadFile(r.path(t, "SHA256SUMS"))
	require.NoError(t, err)
	signature, err := os.ReadFile(r.path(t, "SHA256SUMS.asc"))
	require.NoError(t, err)
	_, err = openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{r.key}, bytes.NewReader(sums), bytes.NewReader(signature), nil)
	require.NoError(t, err)
	sums[0] ^= 1
	_, err = openpgp.CheckArmoredDetachedSignature(openpgp.EntityList{r.key}, bytes.NewReader(sums), bytes.NewReader(signature), nil)
	require.Error(t, err)
}

func TestTheDigestsAreThoseOfAllFiles(t *testing.T) {
	r := published(t)
	check := start(t, command.Command{
		Path: "sha256sum", Args: []string{"--check", "--strict", "SHA256SUMS"},
		Dir: r.dist, Env: command.Environment(t.TempDir()),
	})
	assert.Equal(t, 0, check.Code, check.Stderr)
	files, err := os.ReadDir(r.dist)
	require.NoError(t, err)
	for _, file := range files {
		if name := file.Name(); !file.IsDir() && name != "SHA256SUMS" && name != "SHA256SUMS.asc" {
			assert.Contains(t, check.Stdout, name+": OK\n")
		}
	}
}

func TestAWrongKeyIsNamedBeforeAnythingIsWritten(t *testing.T) {
	root, err := checkout.Path(".")
	require.NoError(t, err)
	dist := filepath.Join(t.TempDir(), "dist")
	for want, environment := range map[string][]string{
		"SIGN_KEYRING": {"SIGN_KEY=" + signer},
		"nobody":       {"SIGN_KEY=nobody", "SIGN_KEYRING=" + published(t).path(t, "signing-key.gpg")},
	} {
		err := pack(root, dist, environment...)
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
		assert.NoDirExists(t, dist)
	}
}
