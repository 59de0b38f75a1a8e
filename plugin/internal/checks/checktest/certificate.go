package checktest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// certificateSection begins the first line of a section that describes a certificate,
// before the Secret or the host that has it.
const certificateSection = "certificate of "

// described is what an example says of a certificate. Two with the same serial are one.
type described struct {
	Serial int64    `json:"serial"`
	Names  []string `json:"names"`
	// Days is how long it is still valid; a year if that is not said.
	Days int `json:"days"`
}

// certify gives a Secret or a host the certificate that an example describes.
func (w *World) certify(t *testing.T, of, text string) {
	t.Helper()
	in := described{Serial: 1, Days: 365}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &in))
	if w.issued == nil {
		w.issued = map[int64][]byte{}
	}
	if w.issued[in.Serial] == nil {
		w.issued[in.Serial] = w.issue(t, in)
	}
	file := w.issued[in.Serial]
	if name, ok := strings.CutPrefix(of, "Secret "); ok {
		w.Extra = append(w.Extra, fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: %s, namespace: coder}, data: {tls.crt: %s, tls.key: ''}}",
			name, base64.StdEncoding.EncodeToString(file)))
		return
	}
	w.Then = append(w.Then, func(c *check.Case) {
		for i, r := range c.Deployment.Replicas {
			if r.Name == of {
				c.Deployment.Replicas[i].Certificates[0] = deployment.NewCertificate("/etc/coder.d/tls.crt", deployment.FileOfHost+of, file)
			}
		}
	})
}

// issue makes a self-signed certificate.
func (w *World) issue(t *testing.T, in described) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(in.Serial), DNSNames: in.Names,
		NotBefore: w.Now.AddDate(-1, 0, 0), NotAfter: w.Now.AddDate(0, 0, in.Days),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
