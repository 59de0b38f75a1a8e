package deployment

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func FuzzCertificateFilesKeepNoKey(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nHead: er\n\nMA==\n-----END CERTIFICATE-----"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c := NewCertificate("tls.crt", "Secret tls", content)
		assert.False(t, bytes.Contains(c.PEM, []byte("PRIVATE KEY")))
		if leaf, err := c.Leaf(); err == nil {
			Names(leaf)
		}
	})
}
