package access

import (
	"net"
	"net/netip"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// listenChecks judge the addresses that coderd listens on.
func listenChecks() []check.Check {
	return []check.Check{
		{
			ID: "http-address-loopback", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "replicas do not listen on loopback only",
			Why:     "By default coderd listens on 127.0.0.1:3000, which neither its peers nor the load balancer can reach.",
			Example: "three replicas with CODER_HTTP_ADDRESS=127.0.0.1:8080; its default is loopback too",
			Remedy:  "Set CODER_HTTP_ADDRESS to 0.0.0.0:8080 (or [::]:8080).",
			Judge: judgment.BetweenReplicas(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				variable, value := coder.HTTPAddress, r.Address(coder.HTTPAddress)
				if on, _ := r.TLS(); on && (value.State == deployment.Missing || relaysOverTLS(r)) {
					variable, value = coder.TLSAddress, r.Address(coder.TLSAddress)
				}
				host, _, ok := deployment.SplitAddress(value.Text)
				switch {
				case value.State == deployment.Unknown:
					j.Unknown(variable, value)
				case !ok:
					j.See("http-address-invalid")
				case host == "" || !loopbackListen(host):
					j.Good()
				default:
					j.Find(check.Finding{
						Message: "coderd listens on loopback, where no other replica can reach it", Subject: judgment.Of(d, r, value),
						Observed: observedAddress(r, variable, value), Expected: "0.0.0.0:8080, [::]:8080 or :8080",
						Remedy: "Set " + variable + " to an address of all interfaces, such as 0.0.0.0:8080 (or [::]:8080).",
					})
				}
			}),
		},
		{
			ID: "http-address-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "listen addresses are HOST:PORT, without * as the host",
			Why:     "coderd exits if it cannot listen on an address. For *:80 it reports: listen tcp: lookup *: no such host.",
			Example: "CODER_HTTP_ADDRESS=*:80",
			Remedy:  "Use a form like 0.0.0.0:8080 or :8080.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				if refused := r.Refused(coder.Address, coder.HTTPAddress, coder.TLSAddress); refused != nil && refused.Variable != coder.HTTPAddress {
					j.Find(check.Finding{
						Message: "coderd does not start: the value of " + refused.Given + " " + refused.Reason, Subject: judgment.At(d, r, refused.Origin),
						Observed: refused.Variable + "=" + r.Env(refused.Variable).String(), Expected: "0.0.0.0:8080, or :8080 without a host",
					})
					return
				}
				variables := []string{coder.HTTPAddress}
				if on, _ := r.TLS(); on {
					variables = append(variables, coder.TLSAddress)
				}
				for _, variable := range variables {
					value := r.Address(variable)
					problem := addressProblem(value)
					on, known := r.TLS()
					switch {
					case value.State == deployment.Missing && !known:
						j.Unknown(coder.TLSEnable, r.Env(coder.TLSEnable))
					case value.State == deployment.Missing && !on:
						j.Find(check.Finding{
							Message: "coderd does not start: the address for plain HTTP is empty, and TLS is off", Subject: judgment.Of(d, r, r.Env(variable)),
							Observed: variable + " is empty", Expected: "0.0.0.0:8080, or :8080 without a host",
						})
					case value.State == deployment.Missing:
						j.Good()
					case value.State == deployment.Unknown:
						j.Unknown(variable, value)
					case problem != "":
						j.Find(check.Finding{
							Message: problem, Subject: judgment.Of(d, r, value),
							Observed: variable + "=" + value.String(), Expected: "0.0.0.0:8080, or :8080 without a host",
						})
					default:
						judgeOwnAddress(j, d, r, variable, value)
					}
				}
			}),
		},
	}
}

// observedAddress shows a listen address, and whether it is the default.
func observedAddress(r deployment.Replica, variable string, value deployment.Value) string {
	if r.Env(variable).State == deployment.Missing && r.Env(coder.Address).State == deployment.Missing {
		return variable + " is not set: its default is " + value.String()
	}
	return variable + "=" + value.String()
}

// judgeOwnAddress asks of a written address whether every replica has it: a process
// can listen only on addresses of its own network.
func judgeOwnAddress(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, variable string, value deployment.Value) {
	host, _, _ := net.SplitHostPort(string(value.Text))
	w := d.Workloads[r.Workload]
	ip, err := netip.ParseAddr(host)
	written := err == nil && !ip.IsLoopback() && !ip.IsUnspecified()
	node := deployment.Text(host).IsField(deployment.FieldHostIP)
	finding := check.Finding{
		Subject: judgment.Of(d, r, value), Observed: variable + "=" + value.String(), Expected: "0.0.0.0:8080, or :8080 without a host",
	}
	switch {
	case w.Pod == nil:
		j.Good()
	case node && !w.Pod.HostNetwork:
		finding.Message = "coderd does not start: a pod with a network of its own does not have the address of its node"
		j.Find(finding)
	case !written || w.Replicas < 2:
		j.Good()
	case w.Pod.HostNetwork:
		j.Unproven(variable+": whether every node has the address "+value.String(), "use 0.0.0.0, which every node has")
	default:
		finding.Message = "at most one of the pods can have the address " + value.Show(deployment.Text(host)) + ": coderd does not start in the others"
		j.Find(finding)
	}
}

// addressProblem says why coderd cannot listen on an address; it is empty if
// nothing is wrong with it.
func addressProblem(value deployment.Value) string {
	host, _, err := net.SplitHostPort(value.Text.Plain())
	switch {
	case value.LeftUnexpanded():
		return "coderd cannot listen on an address that contains a variable Kubernetes does not expand"
	case err != nil:
		return "coderd cannot listen on an address that is not HOST:PORT"
	case host == "*":
		return "coderd cannot listen on *: it is looked up as a host name"
	default:
		return ""
	}
}

// loopbackListen says whether a listener on the host is reached from the same
// machine only. Unspecified addresses are all of the machine's.
func loopbackListen(host string) bool {
	return deployment.Loopback(deployment.Text(host)) && host != "0.0.0.0" && host != "::"
}

// relaysOverTLS says whether peers dial the TLS listener.
func relaysOverTLS(r deployment.Replica) bool {
	e, err := deployment.ParseEndpoint(r.Env(coder.RelayURL).Text)
	return err == nil && e.Scheme == "https" && r.EmbeddedRelay()
}
