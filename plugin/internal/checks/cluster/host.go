package cluster

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

var setClusterHost = "Set it from the downward API:\n" + coder.YAML(coder.ClusterHostWiring())

// hostChecks judge the address of the pubsub between replicas.
func hostChecks() []check.Check {
	return []check.Check{
		{
			ID: "cluster-host-missing", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "every replica has a cluster host or a relay URL",
			Why:     "Without either, a replica falls back to Postgres for pubsub, and replicas that use NATS do not hear it.",
			Example: "Coder 2.38 with three replicas, and neither CODER_CLUSTER_HOST nor a relay URL is set",
			Remedy:  setClusterHost,
			Judge: judgment.BetweenReplicas(withNATS(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				host, relay := r.Env(coder.ClusterHost), r.Env(coder.RelayURL)
				switch {
				case host.Set() || relay.Set():
					j.Good()
				case host.State == deployment.Unknown:
					j.Unknown(coder.ClusterHost, host)
				case relay.State == deployment.Unknown:
					j.Unknown(coder.RelayURL, relay)
				default:
					j.Find(check.Finding{
						Message: "neither " + coder.ClusterHost + " nor a relay URL is set", Subject: judgment.Container(d, r),
						Observed: coder.ClusterHost + " is not set", Expected: "the replica's own IP address", Remedy: judgment.ClusterRemedy(d, r),
					})
				}
			})),
		},
		{
			ID: "cluster-host-custom-relays", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "with custom relays, the cluster host or a relay URL is set",
			Why:     "A replica takes its cluster host from the relay URL where CODER_CLUSTER_HOST is not set, also with custom relays. Without either, it takes no part in pubsub between replicas.",
			Example: "Coder 2.38 with CODER_DERP_SERVER_ENABLE=false, and neither CODER_CLUSTER_HOST nor a relay URL is set",
			Remedy:  setClusterHost,
			Judge:   judgment.BetweenReplicas(withNATS(judgeCustomRelays)),
		},
		{
			ID: "cluster-host-not-ip", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "cluster hosts are IP addresses",
			Why:     "Replicas issue the certificates of their pubsub routes for IP addresses, so mutual TLS is off for a hostname.",
			Example: "CODER_CLUSTER_HOST=coder-0.coder-replicas",
			Remedy:  setClusterHost,
			Judge:   judgment.BetweenReplicas(withNATS(judgeNotIP)),
		},
		{
			ID: "cluster-host-malformed", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "cluster hosts are addresses without a scheme, port or brackets",
			Why:     "Coder adds the port itself, and cannot listen on an address that includes a scheme, port or brackets.",
			Example: "CODER_CLUSTER_HOST=10.0.0.1:6222",
			Remedy:  "Use the address alone, such as 10.0.0.1 or fd00::1.",
			Judge: judgment.EachWorkload(clusterHosts(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, host deployment.Value) {
				problem := malformed(host.Text)
				if problem == "" {
					j.Good()
					return
				}
				j.Find(check.Finding{
					Message: "the cluster host contains " + problem, Subject: judgment.Of(d, r, host),
					Observed: coder.ClusterHost + "=" + host.String(), Expected: "an IP address without anything else",
				})
			})),
		},
		{
			ID: "cluster-host-shared", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "no two replicas have the same cluster host",
			Why:     "A replica listens on its cluster host and its peers dial it: a shared or loopback address leads to the wrong replica or back to the peer.",
			Example: "CODER_CLUSTER_HOST=10.0.0.5 in a StatefulSet with three replicas",
			Remedy:  setClusterHost,
			Judge:   judgeClusterShared,
		},
		{
			ID: "cluster-host-ipv6", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the cluster host's IP family works with NATS pubsub",
			Why:     "Coder 2.35 and 2.36 write the address of a peer without brackets, which does not parse for IPv6, so no routes form.",
			Example: "CODER_CLUSTER_HOST=fd00::1 with Coder 2.36 and the experiment nats_pubsub",
			Remedy:  "Add no_nats_pubsub to CODER_EXPERIMENTS on all replicas, or use IPv4 between replicas.",
			Judge:   judgment.BetweenReplicas(withNATS(judgeClusterIPv6)),
		},
	}
}

// judgeCustomRelays looks for the address of a replica without its own relay. Up
// to 2.35 replicas drop a peer without a relay URL, whatever its cluster host is
// (coder/coder pull request 27235).
func judgeCustomRelays(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	host, relay := r.Env(coder.ClusterHost), r.Env(coder.RelayURL)
	switch {
	case r.EmbeddedRelay():
		j.Skip("the embedded relay is on")
	case relay.State == deployment.Unknown:
		j.Unknown(coder.RelayURL, relay)
	case relay.Set():
		j.Good()
	case !d.Version.AtLeast(2, 36):
		j.Find(check.Finding{
			Message: "Coder " + d.Version.String() + " drops peers without a relay URL, also with custom relays", Subject: judgment.Container(d, r),
			Observed: "CODER_DERP_SERVER_ENABLE=false without " + coder.RelayURL, Expected: "a relay URL for each replica", Remedy: judgment.RelayRemedy(d, r),
		})
	case host.State == deployment.Unknown:
		j.Unknown(coder.ClusterHost, host)
	case host.Unset():
		j.Find(check.Finding{
			Message: "custom relays are configured, and neither " + coder.ClusterHost + " nor a relay URL is set", Subject: judgment.Container(d, r),
			Observed: "CODER_DERP_SERVER_ENABLE=false without " + coder.ClusterHost, Expected: "the replica's own IP address", Remedy: judgment.ClusterRemedy(d, r),
		})
	default:
		j.Good()
	}
}

// What is said where the version decides, and is not known.
const (
	someVersions = "only some versions of Coder use NATS pubsub, and which one runs is not known"
	sayVersion   = "set --coder-version"
)

// withNATS judges only where replicas form a NATS cluster. Experiments are not
// suspected in every Secret that is not in the input.
func withNATS(judge func(*judgment.Judgment, *deployment.Deployment, deployment.Replica)) func(*judgment.Judgment, *deployment.Deployment, deployment.Replica) {
	return func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		if given := r.Variables[coder.Experiments]; given.State == deployment.Unknown && d.Version.AtLeast(2, 35) {
			j.Unknown(coder.Experiments, given)
			return
		}
		if on, why := d.NATS(r); !on {
			j.Skip("%s", why)
			return
		}
		if d.NATSDependsOnVersion(r) {
			var supposed judgment.Judgment
			judge(&supposed, d, r)
			if len(supposed.Result().Findings) > 0 {
				j.Unproven(someVersions, sayVersion)
				return
			}
		}
		judge(j, d, r)
	}
}

// clusterHosts judges CODER_CLUSTER_HOST where Coder knows it and it is set.
func clusterHosts(judge func(*judgment.Judgment, *deployment.Deployment, deployment.Replica, deployment.Value)) func(*judgment.Judgment, *deployment.Deployment, deployment.Replica) {
	return func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
		host := r.Env(coder.ClusterHost)
		switch {
		case !d.Version.AtLeast(2, 35):
			j.Skip("Coder %s does not know %s", d.Version, coder.ClusterHost)
		case host.State == deployment.Unknown:
			j.Unknown(coder.ClusterHost, host)
		case host.Unset():
			j.Skip("%s is not set", coder.ClusterHost)
		default:
			judge(j, d, r, host)
		}
	}
}

// judgeNotIP looks at CODER_CLUSTER_HOST, and at the relay URL's host where
// NATS takes that.
func judgeNotIP(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	host := r.EffectiveClusterHost()
	switch {
	case !d.Version.AtLeast(2, 36):
		j.Skip("Coder %s has no mutual TLS between replicas", d.Version)
	case host.State == deployment.Unknown:
		j.Unknown(coder.ClusterHost, host)
	case host.Unset():
		j.Skip("neither %s nor a relay URL is set", coder.ClusterHost)
	case malformed(host.Text) != "":
		j.See("cluster-host-malformed")
	case isIP(host.Text):
		j.Good()
	default:
		j.Find(check.Finding{
			Message: "the cluster host is a hostname, so mutual TLS between replicas is off", Subject: judgment.Of(d, r, host),
			Observed: coder.ClusterHost + "=" + host.String(), Expected: "an IP address", Remedy: judgment.ClusterRemedy(d, r),
		})
	}
}

// isIP says whether a host is an IP address, or will be one.
func isIP(host deployment.Text) bool {
	if host.IsField(deployment.FieldPodIP) || host.IsField(deployment.FieldHostIP) {
		return true
	}
	_, err := netip.ParseAddr(string(host))
	return err == nil
}

// malformed names what a cluster host holds that is not part of an address.
func malformed(host deployment.Text) string {
	text := host.Plain()
	_, err := netip.ParseAddr(text)
	switch {
	case err == nil:
		return ""
	case strings.Contains(text, "$("):
		return "a variable that Kubernetes does not expand"
	case strings.Contains(text, "://"):
		return "a scheme"
	case strings.ContainsAny(text, "[]"):
		return "brackets"
	case strings.Contains(text, ":"):
		return "a port"
	case strings.ContainsAny(text, "/ ,*"):
		return "characters that no address has"
	default:
		return ""
	}
}

func judgeClusterShared(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	var j judgment.Judgment
	first := map[deployment.Text]deployment.Replica{}
	reported := map[deployment.Text]bool{}
	judge := clusterHosts(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, host deployment.Value) {
		key := normalIP(host.Text)
		s := judgment.Of(d, r, host)
		s.Replica = r.Name
		other, taken := first[key]
		if !taken {
			first[key] = r
		}
		finding := check.Finding{Subject: s, Observed: coder.ClusterHost + "=" + host.String(), Expected: "an address of its own for each replica", Remedy: judgment.ClusterRemedy(d, r)}
		switch {
		case reported[key] || malformed(host.Text) != "":
			j.Good()
		case deployment.Loopback(key):
			finding.Message = "the cluster host is loopback or unspecified: no peer can reach it"
			reported[key] = true
			j.Find(finding)
		case taken:
			finding.Message = fmt.Sprintf("replicas %s and %s have the same cluster host", other.Name, r.Name)
			reported[key] = true
			j.Find(finding)
		default:
			j.Good()
		}
	})
	for _, r := range d.Replicas {
		judge(&j, d, r)
	}
	return j.Result()
}

func normalIP(host deployment.Text) deployment.Text {
	if addr, err := netip.ParseAddr(string(host)); err == nil {
		return deployment.Text(addr.Unmap().String())
	}
	return deployment.Text(strings.ToLower(string(host)))
}

func judgeClusterIPv6(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	host := r.EffectiveClusterHost()
	if host.State == deployment.Unknown {
		j.Unknown(coder.ClusterHost, host)
		return
	}
	if host.Text.IsField(deployment.FieldPodIP) && d.PodIPFamily == "" {
		j.Unknown("the IP family of status.podIP", deployment.Value{Why: "no manifest says it", Proof: "set --pod-ip-family to ipv4 or ipv6"})
		return
	}
	addr, err := netip.ParseAddr(string(host.Text))
	podIP := host.Text.IsField(deployment.FieldPodIP) && d.PodIPFamily == "IPv6"
	if !podIP && (err != nil || !addr.Unmap().Is6()) {
		j.Good()
		return
	}
	finding := check.Finding{
		Message: "Coder " + d.Version.String() + " cannot form NATS routes over IPv6", Subject: judgment.Of(d, r, host),
		Observed: coder.ClusterHost + "=" + host.String(), Expected: "IPv4 between replicas, or no_nats_pubsub in " + coder.Experiments,
	}
	if !d.Version.Known() || d.Version.AtLeast(2, 37) {
		finding.Severity = check.Info
		finding.Message = "NATS pubsub over IPv6 did not work in Coder 2.35 and 2.36; check that your version forms its routes"
	}
	j.Find(finding)
}
