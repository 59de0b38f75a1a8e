package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// relayURLChecks judge the relay URL itself.
func relayURLChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-url-missing", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "every replica has a relay URL",
			Why:    "Without it a replica neither pings nor meshes with its peers: agents and clients on different replicas do not find each other.",
			Remedy: "Set CODER_DERP_SERVER_RELAY_URL to an address at which the other replicas reach this one.",
			Judge:  several(judgeRelayMissing),
		},
		{
			ID: "relay-url-equals-access-url", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "relay URLs differ from the access URL and every load balancer",
			Why:    "Through a load balancer any replica answers, so the ping returns 200, nothing is logged, and the mesh is broken.",
			Remedy: "Use the replica's own address, not one that is shared.",
			Judge:  parsed(judgeRelayBalanced),
		},
		{
			ID: "relay-url-shared", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "no two replicas have the same relay URL",
			Why:    "Coder keeps one connection for each relay URL: replicas that share one are a single peer, and the mesh has holes.",
			Remedy: "Build the relay URL from the pod IP with the downward API.",
			Judge:  judgeRelayShared,
		},
		{
			ID: "relay-url-loopback", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "relay URLs do not point at the replica itself",
			Why:    "Every peer that dials a loopback or empty host reaches its own process, gets 200 and takes it for the other replica.",
			Remedy: "Use an address that the other replicas can dial.",
			Judge: parsed(func(j *judgement, r relay) {
				if !deployment.Loopback(r.endpoint.Host) {
					j.good()
					return
				}
				j.find(check.Finding{
					Message: "the relay URL points back at whoever dials it", Subject: of(r.d, r.replica, r.value),
					Observed: r.value.String(), Expected: "an address that the other replicas can dial", Remedy: remedyFor(r.d, r.replica),
				})
			}),
		},
		{
			ID: "relay-url-invalid", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "relay URLs are http or https URLs",
			Why:    "coderd does not start with a relay URL that does not parse, and cannot dial one of another scheme.",
			Remedy: "Write it as http://HOST:PORT.",
			Judge:  relays(judgeRelayInvalid),
		},
		{
			ID: "relay-url-ipv6-brackets", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "IPv6 addresses in relay URLs stand in square brackets",
			Why:    "Coder 2.34 and newer does not start with an IPv6 address without brackets; older versions start and cannot dial it.",
			Remedy: "Write http://[ADDRESS]:PORT; in the chart set coder.singleStackIPv6=true.",
			Judge:  relays(judgeRelayBrackets),
		},
		{
			ID: "relay-url-port-mismatch", Area: relayArea, Severity: check.Error, Needs: replicas,
			Title:  "relay URLs name a port that coderd listens on",
			Why:    "Peers get a refused connection, or speak HTTP to a TLS port; Coder shows that nowhere but in the replicas table.",
			Remedy: "Use the port of CODER_HTTP_ADDRESS with http://, or that of CODER_TLS_ADDRESS with https://.",
			Judge:  parsed(judgeRelayPort),
		},
		{
			ID: "relay-url-path-ignored", Area: relayArea, Severity: check.Warning, Needs: replicas,
			Title:  "relay URLs have no path, query or user info",
			Why:    "Coder dials /derp and /derp/latency-check of the host: whatever else the URL has is dropped.",
			Remedy: "Write just http://HOST:PORT.",
			Judge: parsed(func(j *judgement, r relay) {
				if len(r.endpoint.Extra) == 0 {
					j.good()
					return
				}
				slices.Sort(r.endpoint.Extra)
				j.find(check.Finding{
					Message: "Coder drops the " + strings.Join(r.endpoint.Extra, " and ") + " of the relay URL", Subject: of(r.d, r.replica, r.value),
					Observed: r.value.String(), Expected: fmt.Sprintf("%s://%s:%d", r.endpoint.Scheme, r.value.Show(r.endpoint.Host), r.endpoint.Port),
				})
			}),
		},
	}
}

func judgeRelayMissing(j *judgement, d *deployment.Deployment, r deployment.Replica) {
	value := r.Env(coder.RelayURL)
	switch {
	case !r.EmbeddedRelay():
		j.skip("the embedded relay is off: Coder ignores the relay URL")
	case value.State == deployment.Unknown:
		j.unknown(coder.RelayURL, value)
	case value.Unset():
		j.find(check.Finding{
			Message: fmt.Sprintf("%d replicas have no relay URL", max(d.Workloads[r.Workload].Replicas, 1)), Subject: of(d, r, value),
			Observed: coder.RelayURL + " is not set", Expected: "a URL of its own for each replica", Remedy: remedyFor(d, r),
		})
	default:
		j.good()
	}
}

// judgeRelayBalanced compares the relay host with every host that leads to more
// than one replica.
func judgeRelayBalanced(j *judgement, r relay) {
	host := r.endpoint.Host
	access := r.replica.Env(coder.AccessURL)
	for _, shared := range balancedHosts(r.d, r.replica) {
		if !shared.matches(host) {
			continue
		}
		j.find(check.Finding{
			Message:  fmt.Sprintf("the relay URL is %s, which leads to any replica", shared.what),
			Subject:  of(r.d, r.replica, r.value),
			Observed: r.value.String(), Expected: "an address of this replica alone",
			Remedy: remedyFor(r.d, r.replica),
		})
		return
	}
	if access.State == deployment.Unknown {
		j.unknown(coder.AccessURL, access)
		return
	}
	j.good()
}

// judgeRelayShared compares the relay URLs of all replicas.
func judgeRelayShared(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(oneReplica)
	}
	first := map[string]deployment.Replica{}
	reported := map[string]bool{}
	return relaysAmong(d, d.Replicas, func(j *judgement, r relay) {
		key := string(r.value.Text)
		if unexpanded(r.value) {
			j.skip("the relay URL cannot be read")
			return
		}
		if r.err == nil {
			key = fmt.Sprintf("%s:%d", deployment.ServiceHost(r.endpoint.Host), r.endpoint.Port)
		}
		other, taken := first[key]
		if !taken {
			first[key] = r.replica
			j.good()
			return
		}
		if reported[key] {
			return
		}
		reported[key] = true
		s := of(d, r.replica, r.value)
		s.Replica = r.replica.Name
		j.find(check.Finding{
			Message: fmt.Sprintf("replicas %s and %s have the same relay URL", other.Name, r.replica.Name), Subject: s,
			Observed: r.value.String(), Expected: "a URL of its own for each replica", Remedy: remedyFor(d, r.replica),
		})
	})
}

func judgeRelayInvalid(j *judgement, r relay) {
	problem := ""
	switch {
	case errors.Is(r.err, deployment.ErrBareIPv6):
		j.see("relay-url-ipv6-brackets")
		return
	case r.err != nil:
		problem = r.err.Error()
	case r.endpoint.Bracketed && r.endpoint.Host.IsField(deployment.FieldPodIP) && r.d.PodIPFamily == "IPv4":
		problem = "it has an IPv4 address in square brackets"
	default:
		j.good()
		return
	}
	j.find(check.Finding{
		Message: "the relay URL cannot be used: " + problem, Subject: of(r.d, r.replica, r.value),
		Observed: r.value.String(), Expected: "a form like " + example(r.d, r.replica),
	})
}

func judgeRelayBrackets(j *judgement, r relay) {
	bare := errors.Is(r.err, deployment.ErrBareIPv6)
	podIP := r.err == nil && r.endpoint.Host.IsField(deployment.FieldPodIP) && !r.endpoint.Bracketed
	switch {
	case bare, podIP && r.d.PodIPFamily == "IPv6":
	case podIP && r.d.PodIPFamily == "":
		j.unknown("the IP family of the pods", deployment.Value{
			Why:   "the manifests do not tell it",
			Proof: "say it with --pod-ip-family ipv4 or ipv6",
		})
		return
	default:
		j.good()
		return
	}
	severity := check.Error
	message := "coderd does not start: the IPv6 address of the relay URL is not in square brackets"
	if !r.d.Version.AtLeast(2, 34) {
		severity = check.Warning
		message = "peers cannot dial the relay URL, and Coder 2.34 will not start: its IPv6 address is not in square brackets"
	}
	j.find(check.Finding{
		Severity: severity, Message: message, Subject: of(r.d, r.replica, r.value),
		Observed: r.value.String(), Expected: "http://[ADDRESS]:PORT",
	})
}

// judgeRelayPort compares the port that peers reach with the listeners.
func judgeRelayPort(j *judgement, r relay) {
	variable := coder.HTTPAddress
	if r.endpoint.Scheme == "https" {
		tls, known := r.replica.TLS()
		switch {
		case !known:
			j.unknown(coder.TLSEnable, r.replica.Env(coder.TLSEnable))
			return
		case !tls:
			j.see("relay-tls-disabled")
			return
		}
		variable = coder.TLSAddress
	}
	address := r.replica.Address(variable)
	if address.State == deployment.Unknown {
		j.unknown(variable, address)
		return
	}
	_, listens, ok := deployment.SplitAddress(address.Text)
	if !ok {
		j.skip("%s is not host:port", variable)
		return
	}
	ports := containerPorts(r)
	if slices.Contains(ports, listens) {
		j.good()
		return
	}
	j.find(check.Finding{
		Message:  fmt.Sprintf("peers dial port %d, and coderd listens for %s on port %d", ports[0], r.endpoint.Scheme, listens),
		Subject:  of(r.d, r.replica, r.value),
		Observed: fmt.Sprintf("%s with %s=%s", r.value, variable, address),
		Expected: fmt.Sprintf("%s://%s:%d", r.endpoint.Scheme, r.value.Show(r.endpoint.Host), listens),
		Remedy:   fmt.Sprintf("Set %s to %s://HOST:%d.", coder.RelayURL, r.endpoint.Scheme, listens),
	})
}
