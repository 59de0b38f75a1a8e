package relay

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// modeChecks judge which relays there are at all.
func modeChecks() []check.Check {
	return []check.Check{
		{
			ID: "relay-unused", Area: area, Severity: check.Info, Needs: judgment.Replicas,
			Title:   "a relay URL is set only where something uses it",
			Why:     "With the embedded relay off, replicas do not mesh, and no workspace traffic takes the relay URL. Its host is still the cluster host where CODER_CLUSTER_HOST is not set, and Coder 2.35 drops peers without it.",
			Example: "CODER_DERP_SERVER_ENABLE=false with CODER_DERP_SERVER_RELAY_URL and CODER_CLUSTER_HOST set",
			Remedy:  "Nothing is broken. Set CODER_CLUSTER_HOST on every replica, and keep the relay URL while a replica runs Coder 2.35 or earlier.",
			Judge:   judgment.BetweenReplicas(judgeUnused),
		},
		{
			ID: "relay-none", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "the embedded relay is on, or custom relays are configured",
			Why:     "Without a DERP server, workspaces that cannot be reached directly cannot be reached at all.",
			Example: "CODER_DERP_SERVER_ENABLE=false, and neither CODER_DERP_CONFIG_URL nor CODER_DERP_CONFIG_PATH is set",
			Remedy:  "Remove CODER_DERP_SERVER_ENABLE=false, or set CODER_DERP_CONFIG_URL to the DERP map of your relays.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				url, path := r.Env(coder.DERPConfigURL), r.Env(coder.DERPConfigPath)
				switch {
				case r.EmbeddedRelay() || url.Set() || path.Set():
					j.Good()
				case url.State == deployment.Unknown:
					j.Unknown(coder.DERPConfigURL, url)
				case path.State == deployment.Unknown:
					j.Unknown(coder.DERPConfigPath, path)
				default:
					j.Find(check.Finding{
						Message: "the embedded relay is off and no custom relays are configured", Subject: judgment.Of(d, r, r.Env(coder.DERPServerEnable)),
						Observed: "CODER_DERP_SERVER_ENABLE=false", Expected: "the embedded relay on, or " + coder.DERPConfigURL,
					})
				}
			}),
		},
		{
			ID: "relay-config-conflict", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "custom relays are configured by a URL or a path, not both",
			Why:     "coderd does not start if both a URL and a path are set for its DERP map.",
			Example: "CODER_DERP_CONFIG_URL and CODER_DERP_CONFIG_PATH are both set",
			Remedy:  "Keep one of CODER_DERP_CONFIG_URL and CODER_DERP_CONFIG_PATH.",
			Judge: judgment.EachWorkload(func(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
				url, path := r.Env(coder.DERPConfigURL), r.Env(coder.DERPConfigPath)
				switch {
				case url.Set() && path.Set():
					j.Find(check.Finding{
						Message: "both " + coder.DERPConfigURL + " and " + coder.DERPConfigPath + " are set", Subject: judgment.Of(d, r, path),
						Observed: "a URL and the path " + path.String(), Expected: "one of them",
					})
				case url.Set() && path.State == deployment.Unknown:
					j.Unknown(coder.DERPConfigPath, path)
				case path.Set() && url.State == deployment.Unknown:
					j.Unknown(coder.DERPConfigURL, url)
				default:
					j.Good()
				}
			}),
		},
	}
}

// judgeUnused asks whether anything takes the relay URL: a mesh, or pubsub.
func judgeUnused(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	value := r.Env(coder.RelayURL)
	if r.EmbeddedRelay() || !value.Set() {
		j.Good()
		return
	}
	nats, _ := d.NATS(r)
	host := r.Env(coder.ClusterHost)
	switch {
	case nats && (host.Unset() || !d.Version.AtLeast(2, 36)):
		j.Good()
	case nats && host.State == deployment.Unknown:
		j.Unknown(coder.ClusterHost, host)
	default:
		j.Find(check.Finding{
			Message: "no mesh uses the relay URL: the embedded relay is off", Subject: judgment.Of(d, r, value),
			Observed: value.String() + " with CODER_DERP_SERVER_ENABLE=false", Expected: coder.ClusterHost + " set on every replica, for pubsub",
		})
	}
}
