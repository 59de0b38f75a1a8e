package checks

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// useHTTP is the remedy for all trouble with TLS between replicas.
const useHTTP = "Use an http:// relay URL: what DERP carries is encrypted end to end by itself."

// relayTLSChecks judge what an https relay URL asks of the replicas.
func relayTLSChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-tls-disabled", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "https relay URLs lead to a TLS listener",
			Why:    "Without CODER_TLS_ENABLE a replica speaks plain HTTP, and trusts no certificate of its peers.",
			Remedy: useHTTP,
			Judge: httpsRelays(func(j *judgement, r relay) {
				enable := r.replica.Env(coder.TLSEnable)
				on, known := r.replica.TLS()
				switch {
				case on:
					j.good()
				case !known:
					j.unknown(coder.TLSEnable, enable)
				default:
					j.find(check.Finding{
						Message: "the relay URL is https, and TLS is not enabled", Subject: of(r.d, r.replica, r.value),
						Observed: r.value.String() + " without CODER_TLS_ENABLE=true", Expected: "an http:// relay URL, or CODER_TLS_ENABLE=true",
					})
				}
			}),
		},
		{
			ID: "relay-tls-self-signed", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "https relays have certificate files",
			Why:    "Without files each replica makes a certificate of its own for 127.0.0.1, which no other replica trusts.",
			Remedy: "Set CODER_TLS_CERT_FILE and CODER_TLS_KEY_FILE (coder.tls.secretNames in the chart). Or: " + useHTTP,
			Judge: servingTLS(func(j *judgement, r relay) {
				files := r.replica.Env(coder.TLSCertFile)
				switch {
				case files.State == deployment.Unknown:
					j.unknown(coder.TLSCertFile, files)
				case files.Unset():
					j.find(check.Finding{
						Message: "the relay URL is https, and every replica would make its own certificate", Subject: of(r.d, r.replica, r.value),
						Observed: coder.TLSCertFile + " is not set", Expected: "the same certificate files on all replicas",
					})
				default:
					j.good()
				}
			}),
		},
		{
			ID: "relay-tls-san", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "the certificate of an https relay covers the access URL's host",
			Why:    "A replica dials its peers by relay URL but asks their certificate for the access URL's host.",
			Remedy: "Issue the certificate for the access URL's host. Or: " + useHTTP,
			Judge:  servingTLS(judgeSAN),
		},
		{
			ID: "relay-tls-client-auth", Area: relayTLSArea, Severity: check.Error, Needs: replicas,
			Title:  "https relays ask for no client certificate",
			Why:    "A replica presents no client certificate to its peers, so they refuse it.",
			Remedy: "Set CODER_TLS_CLIENT_AUTH to none, request or verify-if-given. Or: " + useHTTP,
			Judge: servingTLS(func(j *judgement, r relay) {
				auth := r.replica.Env(coder.TLSClientAuth)
				text, _ := auth.Text.Literal()
				switch {
				case auth.State == deployment.Unknown:
					j.unknown(coder.TLSClientAuth, auth)
				case strings.EqualFold(text, "require-any"), strings.EqualFold(text, "require-and-verify"):
					j.find(check.Finding{
						Message: "peers must show a client certificate, and replicas have none", Subject: of(r.d, r.replica, auth),
						Observed: "CODER_TLS_CLIENT_AUTH=" + text, Expected: "none, request or verify-if-given",
					})
				default:
					j.good()
				}
			}),
		},
	}
}

// httpsRelays is parsed, for https URLs.
func httpsRelays(judge func(*judgement, relay)) func(*check.Case) check.Result {
	return parsed(func(j *judgement, r relay) {
		if r.endpoint.Scheme != "https" {
			j.skip("relay URLs are plain http")
			return
		}
		judge(j, r)
	})
}

// servingTLS is httpsRelays, for replicas that serve TLS.
func servingTLS(judge func(*judgement, relay)) func(*check.Case) check.Result {
	return httpsRelays(func(j *judgement, r relay) {
		if on, known := r.replica.TLS(); known && !on {
			j.see("relay-tls-disabled")
			return
		}
		judge(j, r)
	})
}
