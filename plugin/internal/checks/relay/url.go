package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// urlChecks judge the relay URL itself.
func urlChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-url-missing", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "every replica has a relay URL",
			Why:     "Without a relay URL, a replica neither pings nor meshes with its peers, so agents and clients on different replicas cannot find each other.",
			Example: "three replicas, and CODER_DERP_SERVER_RELAY_URL is not set",
			Remedy:  "Set CODER_DERP_SERVER_RELAY_URL to an address where the other replicas can reach this one.",
			Judge:   judgment.BetweenReplicas(judgeRelayMissing),
		},
		{
			ID: "relay-url-equals-access-url", Area: area, Severity: check.Error, Needs: judgment.Described(facts.Services, facts.Routes),
			Title:   "no relay URL is the access URL or a load-balanced host",
			Why:     "Any replica can answer behind a load balancer, so the ping returns 200, nothing is logged, and the mesh is broken.",
			Example: "CODER_DERP_SERVER_RELAY_URL=https://coder.example.com, the same as CODER_ACCESS_URL",
			Remedy:  "Use an address of the replica's own, not a shared one.",
			Judge:   judgment.ReadableRelays(judgeRelayBalanced),
		},
		{
			ID: "relay-url-shared", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "no two replicas have the same relay URL",
			Why:     "Coder keeps one connection per relay URL, so replicas that share a relay URL count as one peer and the mesh is incomplete.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://10.0.0.5:8080 in a StatefulSet with three replicas",
			Remedy:  "Build the relay URL from the pod IP (status.podIP) with the downward API.",
			Judge:   judgeRelayShared,
		},
		{
			ID: "relay-url-loopback", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "no relay URL is loopback, unspecified or without a host",
			Why:     "A peer that dials a loopback or empty host reaches itself, gets 200, and takes the answer for the other replica's.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://localhost:8080",
			Remedy:  "Use an address that the other replicas can dial.",
			Judge: judgment.ReadableRelays(func(j *judgment.Judgment, r judgment.Relay) {
				if !deployment.Loopback(r.Endpoint.Host) {
					j.Good()
					return
				}
				j.Find(check.Finding{
					Message: "the relay URL points back to whoever dials it", Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
					Observed: r.Value.String(), Expected: "an address that the other replicas can dial", Remedy: judgment.RelayRemedy(r.Deployment, r.Replica),
				})
			}),
		},
		{
			ID: "relay-url-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "relay URLs are valid http or https URLs",
			Why:     "coderd does not start with a relay URL that does not parse, and cannot dial one with another scheme.",
			Example: "CODER_DERP_SERVER_RELAY_URL=$(KUBE_POD_IP):8080, without http://",
			Remedy:  "Use a form like http://HOST:PORT.",
			Judge:   judgment.Relays(judgeRelayInvalid),
		},
		{
			ID: "relay-url-ipv6-brackets", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "IPv6 addresses in relay URLs are in square brackets",
			Why:     "Coder 2.34 and later does not start if the brackets are missing; earlier versions start, but peers cannot dial the URL.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://fd00::1:8080",
			Remedy:  "Use http://[ADDRESS]:PORT. In the chart, set coder.singleStackIPv6=true.",
			Judge:   judgment.Relays(judgeRelayBrackets),
		},
		{
			ID: "relay-url-port-mismatch", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "relay URLs use a port that coderd listens on",
			Why:     "Peers are refused, or speak HTTP to a TLS port; Coder records that only in its replicas table.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://$(KUBE_POD_IP):80 with CODER_HTTP_ADDRESS=0.0.0.0:8080",
			Remedy:  "Use the port of CODER_HTTP_ADDRESS with http://, or the port of CODER_TLS_ADDRESS with https://.",
			Judge:   judgment.ReadableRelays(judgeRelayPort),
		},
		{
			ID: "relay-url-path-ignored", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "relay URLs have no path, query or user info",
			Why:     "Coder dials /derp and /derp/latency-check on the host and ignores the rest of the URL.",
			Example: "CODER_DERP_SERVER_RELAY_URL=http://$(KUBE_POD_IP):8080/derp",
			Remedy:  "Use only http://HOST:PORT.",
			Judge: judgment.ReadableRelays(func(j *judgment.Judgment, r judgment.Relay) {
				if len(r.Endpoint.Extra) == 0 {
					j.Good()
					return
				}
				slices.Sort(r.Endpoint.Extra)
				j.Find(check.Finding{
					Message: "Coder ignores the " + strings.Join(r.Endpoint.Extra, " and ") + " of the relay URL", Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
					Observed: r.Value.String(), Expected: fmt.Sprintf("%s://%s:%d", r.Endpoint.Scheme, r.Value.Show(r.Endpoint.Host), r.Endpoint.Port),
				})
			}),
		},
	}
}

func judgeRelayMissing(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	value := r.Env(coder.RelayURL)
	switch {
	case !r.EmbeddedRelay():
		j.Skip("the embedded relay is off: no mesh uses the relay URL")
	case value.State == deployment.Unknown:
		j.Unknown(coder.RelayURL, value)
	case value.Unset():
		j.Find(check.Finding{
			Message: withoutRelay(d, r), Subject: judgment.Of(d, r, value),
			Observed: coder.RelayURL + " is not set", Expected: "a URL of its own for each replica", Remedy: judgment.RelayRemedy(d, r),
		})
	default:
		j.Good()
	}
}

// withoutRelay says which replicas have no relay URL.
func withoutRelay(d *deployment.Deployment, r deployment.Replica) string {
	if d.OnHost(r) {
		return "host " + r.Name + " has no relay URL"
	}
	return fmt.Sprintf("%d replicas have no relay URL", max(d.Workloads[r.Workload].Replicas, 1))
}

// judgeRelayBalanced compares the relay host with every host that leads to more
// than one replica.
func judgeRelayBalanced(j *judgment.Judgment, r judgment.Relay) {
	access := r.Replica.Env(coder.AccessURL)
	if shared, balanced := r.Balanced(); balanced {
		j.Find(check.Finding{
			Message:  fmt.Sprintf("the relay URL is %s, where any replica can answer", shared.What),
			Subject:  judgment.Of(r.Deployment, r.Replica, r.Value),
			Observed: r.Value.String(), Expected: "an address of this replica only",
			Remedy: judgment.RelayRemedy(r.Deployment, r.Replica),
		})
		return
	}
	if access.State == deployment.Unknown {
		j.Unknown(coder.AccessURL, access)
		return
	}
	j.Good()
}

// judgeRelayShared compares the relay URLs of all replicas.
func judgeRelayShared(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	first := map[string]deployment.Replica{}
	reported := map[string]bool{}
	return judgment.RelaysAmong(d, d.Replicas, func(j *judgment.Judgment, r judgment.Relay) {
		key := string(r.Value.Text)
		if r.Value.LeftUnexpanded() {
			j.Skip("the relay URL cannot be read")
			return
		}
		if r.Err == nil {
			key = fmt.Sprintf("%s:%d", deployment.ServiceHost(r.Endpoint.Host), r.Endpoint.Port)
		}
		other, taken := first[key]
		if !taken {
			first[key] = r.Replica
			j.Good()
			return
		}
		if reported[key] {
			return
		}
		reported[key] = true
		s := judgment.Of(d, r.Replica, r.Value)
		s.Replica = r.Replica.Name
		j.Find(check.Finding{
			Message: fmt.Sprintf("replicas %s and %s have the same relay URL", other.Name, r.Replica.Name), Subject: s,
			Observed: r.Value.String(), Expected: "a URL of its own for each replica", Remedy: judgment.RelayRemedy(d, r.Replica),
		})
	})
}

func judgeRelayInvalid(j *judgment.Judgment, r judgment.Relay) {
	problem := ""
	switch {
	case errors.Is(r.Err, deployment.ErrBareIPv6):
		j.See("relay-url-ipv6-brackets")
		return
	case !r.Deployment.Several() && r.Replica.Refused(coder.RelayURL) == nil:
		j.Skip(judgment.OneReplica)
		return
	case r.Err != nil:
		problem = r.Err.Error()
	case r.Endpoint.Bracketed && r.Endpoint.Host.IsField(deployment.FieldPodIP) && r.Deployment.PodIPFamily == "IPv4":
		problem = "its IPv4 address is in square brackets"
	case r.Endpoint.Bracketed && r.Endpoint.Host.IsField(deployment.FieldPodIP) && r.Deployment.PodIPFamily == "":
		j.Unknown(podIPFamily, unknownFamily)
		return
	default:
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "the relay URL cannot be used: " + problem, Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
		Observed: r.Value.String(), Expected: "a form like " + judgment.ExampleRelayURL(r.Deployment, r.Replica),
	})
}

// The IP family of status.podIP, where the user does not say it.
const podIPFamily = "the IP family of status.podIP"

var unknownFamily = deployment.Value{Why: "no manifest says it", Proof: "set --pod-ip-family to ipv4 or ipv6"}

func judgeRelayBrackets(j *judgment.Judgment, r judgment.Relay) {
	bare := errors.Is(r.Err, deployment.ErrBareIPv6)
	podIP := r.Err == nil && r.Endpoint.Host.IsField(deployment.FieldPodIP) && !r.Endpoint.Bracketed
	switch {
	case bare, podIP && r.Deployment.PodIPFamily == "IPv6":
	case podIP && r.Deployment.PodIPFamily == "":
		j.Unknown(podIPFamily, unknownFamily)
		return
	default:
		j.Good()
		return
	}
	severity := check.Error
	message := "coderd does not start: the IPv6 address in the relay URL is not in square brackets"
	if !r.Deployment.Version.AtLeast(2, 34) {
		if !r.Deployment.Several() {
			j.Skip(judgment.OneReplica)
			return
		}
		severity = check.Warning
		message = "peers cannot dial the relay URL, and Coder 2.34 does not start: its IPv6 address is not in square brackets"
	}
	j.Find(check.Finding{
		Severity: severity, Message: message, Subject: judgment.Of(r.Deployment, r.Replica, r.Value),
		Observed: r.Value.String(), Expected: "http://[ADDRESS]:PORT",
	})
}

// judgeRelayPort compares the port that peers reach with the listeners.
func judgeRelayPort(j *judgment.Judgment, r judgment.Relay) {
	if _, balanced := r.Balanced(); balanced {
		j.See("relay-url-equals-access-url")
		return
	}
	variable := coder.HTTPAddress
	if r.Endpoint.Scheme == "https" {
		tls, known := r.Replica.TLS()
		switch {
		case !known:
			j.Unknown(coder.TLSEnable, r.Replica.Env(coder.TLSEnable))
			return
		case !tls:
			j.See("relay-tls-disabled")
			return
		}
		variable = coder.TLSAddress
	}
	address := r.Replica.Address(variable)
	if address.State == deployment.Unknown {
		j.Unknown(variable, address)
		return
	}
	if address.State == deployment.Missing {
		j.Find(check.Finding{
			Message:  "the relay URL is http, but coderd does not listen for plain HTTP",
			Subject:  judgment.Of(r.Deployment, r.Replica, r.Value),
			Observed: r.Value.String() + " without an address for plain HTTP", Expected: "an address in " + coder.HTTPAddress,
			Remedy: "Set " + coder.HTTPAddress + " to 0.0.0.0:8080, and leave " + coder.Address + " out.",
		})
		return
	}
	_, listens, ok := deployment.SplitAddress(address.Text)
	if !ok {
		j.Skip("%s is not host:port", variable)
		return
	}
	ports := r.Deployment.DialedPorts(r.Replica, r.Endpoint)
	if slices.Contains(ports, listens) {
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message:  fmt.Sprintf("peers dial port %d, but coderd listens for %s on port %d", ports[0], r.Endpoint.Scheme, listens),
		Subject:  judgment.Of(r.Deployment, r.Replica, r.Value),
		Observed: fmt.Sprintf("%s with %s=%s", r.Value, variable, address),
		Expected: fmt.Sprintf("%s://%s:%d", r.Endpoint.Scheme, r.Value.Show(r.Endpoint.Host), listens),
		Remedy:   fmt.Sprintf("Set %s to %s://HOST:%d.", coder.RelayURL, r.Endpoint.Scheme, listens),
	})
}
