package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// asked tells this test program to say whether it trusts a certificate, with the roots
// of the agent. Roots are those of a process.
const asked = "CODER_HA_TEST_TRUSTS"

func TestMain(m *testing.M) {
	path := os.Getenv(asked)
	if path == "" {
		os.Exit(m.Run())
	}
	if err := trusts(path); err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

func trusts(path string) error {
	if err := trustPublicRoots(); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	_, err = certificate.Verify(x509.VerifyOptions{})
	return err
}

// verdict is what the agent says of a certificate in an image whose own roots are in a
// file, or nowhere.
func verdict(t *testing.T, certificate []byte, system string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "certificate.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = []string{asked + "=" + path, "SSL_CERT_DIR=" + t.TempDir(), "SSL_CERT_FILE=" + system, "GODEBUG=x509usefallbackroots=1"}
	output, err := cmd.CombinedOutput()
	if err != nil && len(output) == 0 {
		return err.Error()
	}
	return string(output)
}

func TestTheAgentTrustsPublicRootsAndThoseOfThePod(t *testing.T) {
	t.Parallel()
	private := selfSigned(t)
	mounted := filepath.Join(t.TempDir(), "private.pem")
	require.NoError(t, os.WriteFile(mounted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: private}), 0o600))
	public := publicRoot(t)
	const none = "/none.pem"

	assert.Empty(t, verdict(t, public, none))
	assert.Empty(t, verdict(t, public, mounted), "a mounted root takes no other away")
	assert.Empty(t, verdict(t, private, mounted))
	assert.Contains(t, verdict(t, private, none), "unknown authority")
}

// publicRoot is one of Mozilla's without a constraint.
func publicRoot(t *testing.T) []byte {
	t.Helper()
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			return root.Certificate
		}
	}
	t.Fatal("the bundle has no root")
	return nil
}

func selfSigned(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a private authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	return certificate
}
