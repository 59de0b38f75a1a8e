package checks

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// listenChecks judge the addresses that coderd listens on.
func listenChecks() []Check {
	return []Check{
		{
			ID: "http-address-loopback", Area: accessArea, Severity: check.Error, Reads: manifests,
			Title:  "replicas listen where others can reach them",
			Why:    "coderd listens on 127.0.0.1:3000 unless it is told otherwise: neither peers nor the load balancer reach that.",
			Remedy: "Set CODER_HTTP_ADDRESS to 0.0.0.0:8080 (or [::]:8080).",
			Judge: several(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
				value := r.Address(deployment.HTTPAddress)
				host, _, ok := deployment.SplitAddress(value.Text)
				switch {
				case value.State == deployment.Unknown:
					j.unknown(deployment.HTTPAddress, value)
				case !ok:
					j.skip("%s is not host:port", deployment.HTTPAddress)
				case host == "" || !loopbackListen(host) || servesOnlyTLS(r):
					j.good()
				default:
					j.find(check.Finding{
						Message: "coderd listens on loopback, where no other replica reaches it", Subject: of(d, r, r.Env(deployment.HTTPAddress)),
						Observed: deployment.HTTPAddress + "=" + value.String(), Expected: "0.0.0.0:8080, [::]:8080 or :8080",
					})
				}
			}),
		},
		{
			ID: "http-address-invalid", Area: accessArea, Severity: check.Error, Reads: manifests,
			Title:  "listen addresses are host:port with a host that exists",
			Why:    "coderd looks the host up as a name: it exits with «listen tcp: lookup *: no such host».",
			Remedy: "Write 0.0.0.0:80 or :80 instead of *:80.",
			Judge: each(func(j *judgement, d *deployment.Deployment, r deployment.Replica) {
				variables := []string{deployment.HTTPAddress}
				if on, _ := r.TLS(); on {
					variables = append(variables, deployment.TLSAddress)
				}
				for _, variable := range variables {
					value := r.Address(variable)
					host, _, ok := deployment.SplitAddress(value.Text)
					switch {
					case value.State == deployment.Unknown:
						j.unknown(variable, value)
					case ok && host == "*":
						j.find(check.Finding{
							Message: "coderd cannot listen on *: it is looked up as a host name", Subject: of(d, r, r.Env(variable)),
							Observed: variable + "=" + value.String(), Expected: "0.0.0.0 or nothing before the port",
						})
					default:
						j.good()
					}
				}
			}),
		},
	}
}

// loopbackListen says whether a listener on the host is reached from the same
// machine only. Unspecified addresses are all of the machine's.
func loopbackListen(host string) bool {
	return deployment.Loopback(deployment.Text(host)) && host != "0.0.0.0" && host != "::"
}

// servesOnlyTLS says whether others are meant to use the TLS listener alone.
func servesOnlyTLS(r deployment.Replica) bool {
	on, _ := r.TLS()
	if !on {
		return false
	}
	host, _, ok := deployment.SplitAddress(r.Address(deployment.TLSAddress).Text)
	e, err := deployment.ParseEndpoint(r.Env(deployment.RelayURL).Text)
	return ok && !loopbackListen(host) && err == nil && e.Scheme == "https"
}
