package relaytls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	now := checktest.NewWorld().Now
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{parsed, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// issue is a new certificate for the access URL's host.
func (a authority) issue(t *testing.T, end time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"coder.example.com"}, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// hostsWith lets three hosts use https relays, with these certificate files; the
// content of an empty one is not known.
func hostsWith(files ...string) func(*checktest.World) {
	return func(w *checktest.World) {
		checktest.OnHosts(func(h *checktest.HostFiles) {
			for _, name := range h.Names {
				h.Replace(name, "URL=http://10", "URL=https://10")
				h.Replace(name, ":8080\nCODER_CLUSTER", ":8443\nCODER_CLUSTER")
			}
			h.AddAll("CODER_TLS_ENABLE=true", "CODER_TLS_ADDRESS=0.0.0.0:8443", "CODER_TLS_CERT_FILE=/etc/coder.d/tls.crt", "CODER_TLS_KEY_FILE=/etc/coder.d/tls.key")
		})(w)
		w.Then = append(w.Then, func(c *check.Case) {
			for i, file := range files {
				if file != "" {
					c.Deployment.Replicas[i].Certificates[0] = deployment.NewCertificate("/etc/coder.d/tls.crt", deployment.FileOfHost+"x", []byte(file))
				}
			}
		})
	}
}

// seen lets pods in the places of replicas with https relays try the certificates; the
// last one has a problem with all.
func seen(problem string) func(*checktest.World) {
	return func(w *checktest.World) {
		checktest.HTTPSRelay(w)
		checktest.Rehearsed(func(f *check.Case) {
			for i := range f.Mesh {
				f.Mesh[i].Relay.Trust = &facts.Trust{}
				if f.Mesh[i].From == "coder-2" {
					f.Mesh[i].Relay.Trust.Problem = problem
				}
			}
		})(w)
	}
}

// apart are three pods in the places of replicas of two workloads, coder-2 in the
// second, and what each way found of its certificate.
func apart(found func(*facts.Link)) func(*checktest.World) {
	return func(w *checktest.World) {
		checktest.HTTPSRelay(w)
		checktest.Rehearsed(func(f *check.Case) {
			f.Deployment.Workloads = append(f.Deployment.Workloads, f.Deployment.Workloads[0])
			f.Deployment.Replicas[2].Workload = 1
			for i := range f.Mesh {
				found(&f.Mesh[i])
			}
		})(w)
	}
}

func untrustedCases(t *testing.T, c *checktest.Cases) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	far := checktest.NewWorld().Now.AddDate(0, 6, 0)
	one, two, three := ours.issue(t, far), ours.issue(t, far), ours.issue(t, far)
	old := ours.issue(t, checktest.NewWorld().Now.Add(-time.Hour))
	c.About("relay-tls-untrusted",
		checktest.Skips("plain http", "plain http", nil),
		checktest.Passes("the replicas of one workload have one file", checktest.HTTPSRelay),
		checktest.Passes("pods in the places of the replicas trust each other", seen("")),
		checktest.Fires("one of them trusts nobody", "replica coder-2 does not trust the certificate of coder-0", seen("x509: certificate signed by unknown authority")),
		checktest.Fires("of two workloads, one is not trusted", "replica coder-0 does not trust the certificate of coder-2", apart(func(l *facts.Link) {
			l.Relay.Trust = &facts.Trust{}
			if l.To == "coder-2" {
				l.Relay.Trust.Problem = "x509: certificate signed by unknown authority"
			}
		})),
		checktest.Leaves("of two workloads, one did not try the other", "not in the input", apart(func(l *facts.Link) {
			if l.From != "coder-2" {
				l.Relay.Trust = &facts.Trust{}
			}
		})),
		checktest.Passes("of two workloads, each trusts the other", apart(func(l *facts.Link) {
			l.Relay.Trust = &facts.Trust{}
		})),
		checktest.Leaves("of two workloads, one is not tried", "not in the input", apart(func(l *facts.Link) {
			if l.To != "coder-2" {
				l.Relay.Trust = &facts.Trust{}
			}
		})),
		checktest.Passes("one certificate on all hosts", hostsWith(one, one, one)),
		checktest.Passes("one authority, in each file", hostsWith(one+ours.pem, two+ours.pem, three+ours.pem)),
		checktest.Fires("one authority, in no file", "replica coder-2 does not trust the certificate of coder-1", hostsWith(one, two, three)),
		checktest.Fires("one authority, missing in one file", "replica coder-3 does not trust", hostsWith(one+ours.pem, two+ours.pem, three)),
		checktest.Fires("another authority on one host", "does not trust the certificate of", hostsWith(one+ours.pem, two+ours.pem, theirs.issue(t, far)+theirs.pem)),
		checktest.Skips("the files are not known", "not in the input", hostsWith()),
		checktest.Skips("one file is not known", "host coder-3", hostsWith(one, one, "")),
		checktest.Fires("two known files show it", "does not trust", hostsWith(one, two, "")),
		checktest.Skips("all expired", "tls-expiry", hostsWith(old, old, old)),
		checktest.Skips("several files", "2 certificate files", func(w *checktest.World) {
			hostsWith(one, one, one)(w)
			w.Then = append(w.Then, func(c *check.Case) {
				for i := range c.Deployment.Replicas {
					r := &c.Deployment.Replicas[i]
					r.Certificates = append(r.Certificates, r.Certificates[0])
				}
			})
		}),
		checktest.Skips("no files", "relay-tls-self-signed", func(w *checktest.World) {
			hostsWith()(w)
			w.Then = append(w.Then, func(c *check.Case) {
				for i := range c.Deployment.Replicas {
					delete(c.Deployment.Replicas[i].Variables, coder.TLSCertFile)
				}
			})
		}),
	)
	c.About("relay-tls-san", checktest.Passes("presented by hosts", hostsWith(one, one, one)))
	c.About("tls-expiry",
		checktest.Fires("presented by hosts, and over", "has expired", hostsWith(old, old, old)),
		checktest.Skips("files of hosts", "which is not in the input", hostsWith()),
	)
}
