package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAnUnknownAuthorityIsNoFailureOnlyWithForeignRoots holds apart the roots of the image
// of agents, those of coderd's own image, and a file that the URL names.
func TestAnUnknownAuthorityIsNoFailureOnlyWithForeignRoots(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"db.invalid"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}

	got, err := tlsPlan{verify: true, foreign: true}.judgeChain(state, "db.invalid")
	require.NoError(t, err)
	assert.True(t, got.ForeignRoots)
	assert.False(t, got.Verified)
	assert.NotEmpty(t, got.Unverified)

	for what, plan := range map[string]tlsPlan{
		"the roots are coderd's":          {verify: true},
		"the URL names a file without it": {verify: true, foreign: true, roots: x509.NewCertPool()},
	} {
		got, err := plan.judgeChain(state, "db.invalid")
		require.Error(t, err, what)
		assert.False(t, got.ForeignRoots, what)
	}

	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	got, err = tlsPlan{verify: true, verifyHost: true, foreign: true, roots: trusted}.judgeChain(state, "db.invalid")
	require.NoError(t, err)
	assert.True(t, got.Verified)
	_, err = tlsPlan{verify: true, verifyHost: true, foreign: true, roots: trusted}.judgeChain(state, "other.invalid")
	require.Error(t, err, "another name is a failure with any roots")
}
