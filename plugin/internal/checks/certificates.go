package checks

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// certificateChecks judge the certificate files, whatever the relay URL is.
func certificateChecks() []check.Check {
	return []check.Check{
		{
			ID: "tls-files-mismatch", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "there is a key file for every certificate file",
			Why:    "coderd does not start with different numbers of certificate and key files.",
			Remedy: "List as many files in CODER_TLS_KEY_FILE as in CODER_TLS_CERT_FILE, in the same order.",
			Judge: each(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
				certs, keys := r.Env(coder.TLSCertFile), r.Env(coder.TLSKeyFile)
				on, known := r.TLS()
				switch {
				case known && !on:
					j.skip("TLS is not enabled")
				case certs.State == deployment.Unknown:
					j.unknown(coder.TLSCertFile, certs)
				case keys.State == deployment.Unknown:
					j.unknown(coder.TLSKeyFile, keys)
				case len(certs.List()) == len(keys.List()):
					j.good()
				default:
					at := certs
					if certs.Unset() {
						at = keys
					}
					j.find(check.Finding{
						Message: "certificate and key files differ in number", Subject: of(d, r, at),
						Observed: fmt.Sprintf("%d in %s, %d in %s", len(certs.List()), coder.TLSCertFile, len(keys.List()), coder.TLSKeyFile), Expected: "the same number",
					})
				}
			}),
		},
		{
			ID: "tls-expiry", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "certificates are valid for a while",
			Why:    "coderd reads its certificates at start only: an expired one stays until the pods are restarted.",
			Remedy: "Renew the certificate, then restart the replicas one at a time.",
			Judge:  judgeExpiry,
		},
	}
}

// judgeSAN looks for a certificate that covers the access URL's host.
func judgeSAN(j *judgement, r relay) {
	access := r.replica.Env(coder.AccessURL)
	if access.State == deployment.Unknown {
		j.unknown(coder.AccessURL, access)
		return
	}
	endpoint, err := deployment.ParseEndpoint(access.Text)
	if err != nil || endpoint.Host == "" {
		j.skip("the access URL cannot be read")
		return
	}
	if files := r.replica.Env(coder.TLSCertFile); files.Unset() {
		j.see("relay-tls-self-signed")
		return
	}
	var names []string
	var hidden *deployment.Value
	for _, file := range r.replica.Certificates {
		leaf, err := leafOf(file)
		if err != nil {
			unread := unreadable(file, err)
			hidden = &unread
			continue
		}
		if leaf.VerifyHostname(string(endpoint.Host)) == nil {
			j.good()
			return
		}
		names = append(names, covered(leaf))
	}
	if hidden != nil || len(names) == 0 {
		if hidden == nil {
			hidden = new(r.replica.Env(coder.TLSCertFile))
		}
		j.unknown(coder.TLSCertFile, *hidden)
		return
	}
	j.find(check.Finding{
		Message: "no certificate covers " + access.Show(endpoint.Host) + ", for which peers ask", Subject: of(r.d, r.replica, r.replica.Env(coder.TLSCertFile)),
		Observed: "certificates for " + strings.Join(names, "; "), Expected: "a certificate for " + access.Show(endpoint.Host),
	})
}

func judgeExpiry(f *check.Case) check.Result {
	return each(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
		if on, known := r.TLS(); known && !on {
			j.skip("TLS is not enabled")
			return
		}
		files := r.Env(coder.TLSCertFile)
		if files.State == deployment.Unknown {
			j.unknown(coder.TLSCertFile, files)
			return
		}
		if files.Unset() {
			j.skip("no certificate files are set")
			return
		}
		for _, file := range r.Certificates {
			leaf, err := leafOf(file)
			if err != nil {
				j.unknown(coder.TLSCertFile, unreadable(file, err))
				continue
			}
			left := leaf.NotAfter.Sub(f.Now)
			finding := check.Finding{
				Subject: of(d, r, files), Observed: file.Path + " ends " + leaf.NotAfter.UTC().Format(time.RFC3339),
				Expected: "an end in more than " + days(f.Limits.CertificateWarning),
			}
			switch {
			case left <= 0:
				finding.Message = "the certificate of " + covered(leaf) + " has expired"
				j.find(finding)
			case left < f.Limits.CertificateWarning:
				finding.Severity = check.Warning
				finding.Message = fmt.Sprintf("the certificate of %s ends in %s", covered(leaf), days(left))
				j.find(finding)
			default:
				j.good()
			}
		}
	})(f)
}

func days(d time.Duration) string { return fmt.Sprintf("%.0f days", d.Hours()/24) }

// unreadable is the value of a certificate file that cannot be judged.
func unreadable(file deployment.Certificate, err error) deployment.Value {
	return deployment.Value{
		State: deployment.Unknown, Why: fmt.Sprintf("%s is in %s, %s", file.Path, file.What, err),
		Proof: "give " + file.What + " too, with --manifest",
	}
}

// leafOf is the first certificate of a file, the one that is served.
func leafOf(file deployment.Certificate) (*x509.Certificate, error) {
	if len(file.PEM) == 0 {
		return nil, fmt.Errorf("which is not in the input")
	}
	for rest := file.PEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, fmt.Errorf("which holds no certificate")
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("which holds no readable certificate")
		}
		return leaf, nil
	}
}

// covered lists the names of a certificate.
func covered(leaf *x509.Certificate) string {
	names := leaf.DNSNames
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return strings.Join(names, ", ")
}
