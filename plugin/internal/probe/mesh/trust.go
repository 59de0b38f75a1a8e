package mesh

import (
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Roots are what a replica trusts: the certificates in its own files, and those of the
// system not (coder/coder enterprise/replicasync, CreateDERPMeshTLSConfig).
func Roots(files []string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", path)
		}
	}
	return pool, nil
}

// trust says whether a chain is one of the roots, or issued by one; nil without roots
// or without a chain. Its names and its end are judged by what is presented.
func (o Options) trust(chain []*x509.Certificate) *facts.Trust {
	if o.Roots == nil || len(chain) == 0 {
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	now := time.Now()
	if end := chain[0].NotAfter; end.Before(now) {
		now = end
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: o.Roots, Intermediates: between, CurrentTime: now})
	if err != nil {
		return &facts.Trust{Problem: err.Error()}
	}
	return &facts.Trust{}
}
