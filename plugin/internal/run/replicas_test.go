package run

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

func TestAPresentedChainStandsForTheOneFileThatIsNotKnown(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"coder.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	require.NoError(t, err)
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})

	unknown := deployment.Certificate{Path: "/etc/coder.d/tls.crt", What: deployment.FileOfHost + "coder-1"}
	one := deployment.Replica{Certificates: []deployment.Certificate{unknown}}
	takeChain(&one, nil)
	assert.Equal(t, unknown, one.Certificates[0])
	takeChain(&one, chain)
	leaf, err := one.Certificates[0].Leaf()
	require.NoError(t, err)
	assert.Equal(t, []string{"coder.example.com"}, leaf.DNSNames)
	assert.Equal(t, unknown.Path, one.Certificates[0].Path)

	two := deployment.Replica{Certificates: []deployment.Certificate{unknown, unknown}}
	takeChain(&two, chain)
	assert.Equal(t, []deployment.Certificate{unknown, unknown}, two.Certificates)
}
