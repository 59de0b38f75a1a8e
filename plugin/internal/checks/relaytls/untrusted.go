package relaytls

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// untrustedChecks judge whether replicas trust each other.
func untrustedChecks() []check.Check {
	return []check.Check{{
		ID: "relay-tls-untrusted", Area: area, Severity: check.Error, Needs: judgment.Replicas,
		Title:   "replicas with https relay URLs trust each other's certificates",
		Why:     "A replica trusts only the certificates in its own CODER_TLS_CERT_FILE, and not those of the system.",
		Example: "a certificate of its own on each host, and no certificate of their authority in the files",
		Remedy:  "Use the same certificate file on all hosts, or add the certificate of the authority to each file. Or: " + useHTTP,
		Judge:   judgeUntrusted,
	}}
}

func judgeUntrusted(f *check.Case) check.Result {
	d := f.Deployment
	representatives := d.Representatives()
	return servingTLS(func(j *judgment.Judgment, r judgment.Relay) {
		if judgeSeen(j, f, r) {
			return
		}
		if len(representatives) == 1 {
			// The replicas of one workload have one file.
			j.Good()
			return
		}
		if r.Replica.Env(coder.TLSCertFile).Unset() {
			j.See("relay-tls-self-signed")
			return
		}
		for _, other := range representatives {
			if other.Name != r.Replica.Name {
				judgeTrust(j, f, other, r)
			}
		}
	})(f)
}

// judgeSeen judges by what pods in the places of the others made of the certificate;
// seen is false where none of a workload tried, and all others trust it.
func judgeSeen(j *judgment.Judgment, f *check.Case, r judgment.Relay) (seen bool) {
	tried := map[int]bool{}
	for _, link := range f.Mesh {
		from, knowsFrom := judgment.Peer(f, link.From)
		to, knowsTo := judgment.Peer(f, facts.Position(link.To))
		if !knowsFrom || !knowsTo || to.Workload != r.Replica.Workload || link.Relay == nil || link.Relay.Trust == nil {
			continue
		}
		tried[from.Workload] = true
		if link.Relay.Trust.Problem == "" {
			continue
		}
		j.Find(check.Finding{
			Message:  fmt.Sprintf("%s does not trust the certificate of %s", link.From, link.To),
			Subject:  judgment.Of(r.Deployment, r.Replica, r.Replica.Env(coder.TLSCertFile)),
			Observed: link.Relay.Trust.Problem, Expected: "one file for all replicas, or the certificate of their authority in each",
		})
		return true
	}
	for _, other := range r.Deployment.Representatives() {
		if !tried[other.Workload] && (other.Workload != r.Replica.Workload || len(tried) == 0) {
			return false
		}
	}
	j.Good()
	return true
}

// judgeTrust judges whether one replica trusts what the other one presents. The name
// is judged by relay-tls-san.
func judgeTrust(j *judgment.Judgment, f *check.Case, dialing deployment.Replica, r judgment.Relay) {
	roots, unknown := pool(dialing.Certificates)
	presented, alsoUnknown := pool(r.Replica.Certificates)
	if unknown == nil {
		unknown = alsoUnknown
	}
	if unknown != nil || len(r.Replica.Certificates) != 1 {
		j.Unknown(coder.TLSCertFile, unproved(unknown, r.Replica))
		return
	}
	leaf, err := r.Replica.Certificates[0].Leaf()
	if err != nil {
		j.Unknown(coder.TLSCertFile, unreadable(r.Replica.Certificates[0], err))
		return
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: presented, CurrentTime: f.Now})
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case err == nil:
		j.Good()
	case isInvalid && invalid.Reason == x509.Expired:
		j.See("tls-expiry")
	default:
		files := r.Replica.Env(coder.TLSCertFile)
		j.Find(check.Finding{
			Message:  fmt.Sprintf("replica %s does not trust the certificate of %s", dialing.Name, r.Replica.Name),
			Subject:  judgment.Of(r.Deployment, r.Replica, files),
			Observed: fmt.Sprintf("a certificate for %s of %q, which is in no file of %s", deployment.Names(leaf), leaf.Issuer.CommonName, dialing.Name),
			Expected: "one file on all hosts, or the certificate of their authority in each",
		})
	}
}

// pool are the certificates of the files; unknown is the first file that cannot be
// read.
func pool(files []deployment.Certificate) (all *x509.CertPool, unknown *deployment.Value) {
	all = x509.NewCertPool()
	for _, file := range files {
		if _, err := file.Leaf(); err != nil {
			return all, new(unreadable(file, err))
		}
		all.AppendCertsFromPEM(file.PEM)
	}
	return all, nil
}

// unproved is the file that is not known, or what stands in for it: of several files
// coderd presents one by the name that is asked for.
func unproved(unknown *deployment.Value, r deployment.Replica) deployment.Value {
	if unknown != nil {
		return *unknown
	}
	return deployment.Value{
		State: deployment.Unknown, Why: fmt.Sprintf("%s has %d certificate files, and presents one of them", r.Name, len(r.Certificates)),
		Proof: "use one certificate file",
	}
}
