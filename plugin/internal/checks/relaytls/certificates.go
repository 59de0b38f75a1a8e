package relaytls

import (
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// certificateChecks judge the certificate files, whatever the relay URL is.
func certificateChecks() []check.Check {
	return []check.Check{
		{
			ID: "tls-files-mismatch", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "there are as many key files as certificate files",
			Why:     "coderd does not start if the numbers of certificate and key files differ.",
			Example: "CODER_TLS_CERT_FILE=/a.crt,/b.crt with CODER_TLS_KEY_FILE=/a.key",
			Remedy:  "List as many files in CODER_TLS_KEY_FILE as in CODER_TLS_CERT_FILE, in the same order.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				certs, keys := r.Env(coder.TLSCertFile), r.Env(coder.TLSKeyFile)
				on, known := r.TLS()
				switch {
				case known && !on:
					j.Skip("TLS is not enabled")
				case certs.State == deployment.Unknown:
					j.Unknown(coder.TLSCertFile, certs)
				case keys.State == deployment.Unknown:
					j.Unknown(coder.TLSKeyFile, keys)
				case len(certs.List()) == len(keys.List()):
					j.Good()
				default:
					at := certs
					if certs.Unset() {
						at = keys
					}
					j.Find(check.Finding{
						Message: "the numbers of certificate and key files differ", Subject: judgment.Of(d, r, at),
						Observed: fmt.Sprintf("%d in %s, %d in %s", len(certs.List()), coder.TLSCertFile, len(keys.List()), coder.TLSKeyFile), Expected: "the same number",
					})
				}
			}),
		},
		{
			ID: "tls-expiry", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "certificates do not expire soon",
			Why:     "coderd reads its certificates only when it starts, so an expired certificate stays in use until the pods are restarted.",
			Example: "the certificate in CODER_TLS_CERT_FILE expires in three days",
			Remedy:  "Renew the certificate, then restart the replicas one at a time.",
			Judge:   judgeExpiry,
		},
	}
}

// judgeSAN looks for a certificate that covers the access URL's host.
func judgeSAN(j *judgment.Judgment, r judgment.Relay) {
	access := r.Replica.Env(coder.AccessURL)
	if access.State == deployment.Unknown {
		j.Unknown(coder.AccessURL, access)
		return
	}
	endpoint, err := deployment.ParseEndpoint(access.Text)
	if err != nil || endpoint.Host == "" {
		j.Skip("the access URL cannot be read")
		return
	}
	if files := r.Replica.Env(coder.TLSCertFile); files.Unset() {
		j.See("relay-tls-self-signed")
		return
	}
	var names []string
	var hidden *deployment.Value
	for _, file := range r.Replica.Certificates {
		leaf, err := file.Leaf()
		if err != nil {
			unread := unreadable(file, err)
			hidden = &unread
			continue
		}
		if leaf.VerifyHostname(string(endpoint.Host)) == nil {
			j.Good()
			return
		}
		names = append(names, deployment.Names(leaf))
	}
	if hidden != nil || len(names) == 0 {
		if hidden == nil {
			hidden = new(r.Replica.Env(coder.TLSCertFile))
		}
		j.Unknown(coder.TLSCertFile, *hidden)
		return
	}
	j.Find(check.Finding{
		Message: "no certificate covers " + access.Show(endpoint.Host) + ", the host that peers verify", Subject: judgment.Of(r.Deployment, r.Replica, r.Replica.Env(coder.TLSCertFile)),
		Observed: "certificates for " + strings.Join(names, "; "), Expected: "a certificate for " + access.Show(endpoint.Host),
	})
}

func judgeExpiry(f *check.Case) check.Result {
	return judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		if on, known := r.TLS(); known && !on {
			j.Skip("TLS is not enabled")
			return
		}
		files := r.Env(coder.TLSCertFile)
		if files.State == deployment.Unknown {
			j.Unknown(coder.TLSCertFile, files)
			return
		}
		if files.Unset() {
			j.Skip("no certificate files are set")
			return
		}
		for _, file := range r.Certificates {
			leaf, err := file.Leaf()
			if err != nil {
				j.Unknown(coder.TLSCertFile, unreadable(file, err))
				continue
			}
			left := leaf.NotAfter.Sub(f.Now)
			finding := check.Finding{
				Subject: judgment.Of(d, r, files), Observed: file.Path + " ends " + leaf.NotAfter.UTC().Format(time.RFC3339),
				Expected: "an end in more than " + human.Duration(f.Limits.CertificateWarning),
			}
			switch {
			case left <= 0:
				finding.Message = "the certificate of " + deployment.Names(leaf) + " has expired"
				j.Find(finding)
			case left < f.Limits.CertificateWarning:
				finding.Severity = check.Warning
				finding.Message = fmt.Sprintf("the certificate of %s ends in %s", deployment.Names(leaf), human.Duration(left))
				j.Find(finding)
			default:
				j.Good()
			}
		}
	})(f)
}

// unreadable is the value of a certificate file that cannot be judged.
func unreadable(file deployment.Certificate, err error) deployment.Value {
	proof := "look at the file in a running pod"
	switch {
	case file.Absent:
		proof = "add the file to " + file.What
	case strings.HasPrefix(file.What, "Secret ") || strings.HasPrefix(file.What, "ConfigMap "):
		proof = "give " + file.What + " too, with --manifest"
	case strings.HasPrefix(file.What, deployment.FileOfHost):
		proof = "look at the file on the host; with an https relay URL, --probe reads the certificate that the replica presents"
	}
	return deployment.Value{
		State: deployment.Unknown, Why: fmt.Sprintf("%s is in %s, %s", file.Path, file.What, err),
		Proof: proof,
	}
}
