package relaytls

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// useHTTP is the remedy for all trouble with TLS between replicas.
const useHTTP = "Use an http:// relay URL: DERP traffic is already encrypted end to end."

// httpsChecks judge what an https relay URL asks of the replicas.
func httpsChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-tls-disabled", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "replicas with an https relay URL have TLS enabled",
			Why:     "Without CODER_TLS_ENABLE, a replica speaks plain HTTP and trusts no certificate of its peers.",
			Example: "CODER_DERP_SERVER_RELAY_URL=https://$(KUBE_POD_IP):8443 without CODER_TLS_ENABLE=true",
			Remedy:  useHTTP,
			Judge: httpsRelays(func(j *judgment.Judgment, r judgment.Relay) {
				enable := r.Replica.Env(coder.TLSEnable)
				on, known := r.Replica.TLS()
				switch {
				case on:
					j.Good()
				case !known:
					j.Unknown(coder.TLSEnable, enable)
				default:
					j.Find(check.Finding{
						Message: "the relay URL is https, but TLS is not enabled", Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
						Observed: r.Value.String() + " without CODER_TLS_ENABLE=true", Expected: "an http:// relay URL, or CODER_TLS_ENABLE=true",
					})
				}
			}),
		},
		{
			ID: "relay-tls-self-signed", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "replicas with an https relay URL have certificate files",
			Why:     "Without certificate files, each replica generates a certificate for 127.0.0.1 that no other replica trusts.",
			Example: "an https relay URL and CODER_TLS_ENABLE=true without CODER_TLS_CERT_FILE",
			Remedy:  "Set CODER_TLS_CERT_FILE and CODER_TLS_KEY_FILE (coder.tls.secretNames in the chart). Or: " + useHTTP,
			Judge: servingTLS(func(j *judgment.Judgment, r judgment.Relay) {
				files := r.Replica.Env(coder.TLSCertFile)
				switch {
				case files.State == deployment.Unknown:
					j.Unknown(coder.TLSCertFile, files)
				case files.Unset():
					j.Find(check.Finding{
						Message: "the relay URL is https, but every replica would generate its own certificate", Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
						Observed: coder.TLSCertFile + " is not set", Expected: "the same certificate files on all replicas",
					})
				default:
					j.Good()
				}
			}),
		},
		{
			ID: "relay-tls-san", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the certificate behind an https relay URL covers the host of the access URL",
			Why:     "A replica dials a peer by its relay URL, but verifies the certificate for the host of the access URL.",
			Example: "an https relay URL, and a certificate for *.pods.example.com while CODER_ACCESS_URL is https://coder.example.com",
			Remedy:  "Issue the certificate for the host of the access URL. Or: " + useHTTP,
			Judge:   servingTLS(judgeSAN),
		},
		{
			ID: "relay-tls-client-auth", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "replicas with an https relay URL require no client certificate",
			Why:     "Replicas do not present a client certificate to each other, so the connection is refused.",
			Example: "an https relay URL with CODER_TLS_CLIENT_AUTH=require-any",
			Remedy:  "Set CODER_TLS_CLIENT_AUTH to none, request or verify-if-given. Or: " + useHTTP,
			Judge: servingTLS(func(j *judgment.Judgment, r judgment.Relay) {
				auth := r.Replica.Env(coder.TLSClientAuth)
				text, _ := auth.Text.Literal()
				switch {
				case auth.State == deployment.Unknown:
					j.Unknown(coder.TLSClientAuth, auth)
				case strings.EqualFold(text, "require-any"), strings.EqualFold(text, "require-and-verify"):
					j.Find(check.Finding{
						Message: "replicas require a client certificate, but do not present one to each other", Subject: judgment.Of(r.Deployment, r.Replica, auth),
						Observed: "CODER_TLS_CLIENT_AUTH=" + text, Expected: "none, request or verify-if-given",
					})
				default:
					j.Good()
				}
			}),
		},
	}
}

// httpsRelays is parsed, for https URLs.
func httpsRelays(judge func(*judgment.Judgment, judgment.Relay)) func(*check.Case) check.Result {
	return judgment.ReadableRelays(func(j *judgment.Judgment, r judgment.Relay) {
		if r.Endpoint.Scheme != "https" {
			j.Skip("relay URLs are plain http")
			return
		}
		if _, balanced := r.Balanced(); balanced {
			// Whose certificate that is says nothing of the replicas'.
			j.See("relay-url-equals-access-url")
			return
		}
		judge(j, r)
	})
}

// servingTLS is httpsRelays, for replicas that serve TLS.
func servingTLS(judge func(*judgment.Judgment, judgment.Relay)) func(*check.Case) check.Result {
	return httpsRelays(func(j *judgment.Judgment, r judgment.Relay) {
		if on, known := r.Replica.TLS(); known && !on {
			j.See("relay-tls-disabled")
			return
		}
		judge(j, r)
	})
}
