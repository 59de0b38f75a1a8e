package mesh

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// issued is a certificate with its key.
type issued struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// issue makes a certificate that is valid for a time from two days ago; without an issuer
// it is its own.
func issue(t *testing.T, name string, by *issued, valid time.Duration) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	begin := time.Now().Add(-48 * time.Hour)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: begin, NotAfter: begin.Add(valid),
		IsCA: name != "leaf", BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issued{made, key}
}

func TestAChainIsTrustedByItsAuthorityThroughWhatIsBetween(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	root := issue(t, "root", nil, year)
	between := issue(t, "between", root, year)
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	o := Options{Roots: roots}
	for what, valid := range map[string]time.Duration{"valid": year, "at its end since yesterday, which is judged elsewhere": 24 * time.Hour} {
		leaf := issue(t, "leaf", between, valid)
		assert.Empty(t, o.trust([]*x509.Certificate{leaf.Certificate, between.Certificate}).Problem, what)
		assert.Contains(t, o.trust([]*x509.Certificate{leaf.Certificate}).Problem, "unknown authority", what)
	}
	assert.Nil(t, o.trust(nil), "no certificate was presented")
}
