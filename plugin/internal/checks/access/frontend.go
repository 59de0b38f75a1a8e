package access

import (
	"net"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// frontendChecks judge what stands between users and the replicas.
func frontendChecks() []check.Check {
	return []check.Check{
		{
			ID: "derp-upgrade-blocked", Area: area, Severity: check.Warning, Needs: judgment.Described(facts.Routes),
			Title:   "Istio allows the DERP upgrade",
			Why:     "Envoy drops upgrades that it is not configured for. CODER_DERP_FORCE_WEBSOCKETS makes clients and agents do without this one, but replicas always use it between themselves.",
			Example: "an Istio VirtualService in front of coderd, without an EnvoyFilter for derp",
			Remedy:  "Add an EnvoyFilter with upgrade_type: derp in the root namespace of the mesh (istio-system), or set CODER_DERP_FORCE_WEBSOCKETS=true on all replicas.",
			Judge:   judgment.EachWorkload(judgeDERPUpgrade),
		},
		{
			ID: "proxy-trusted-headers", Area: area, Severity: check.Info, Needs: judgment.Described(facts.Routes),
			Title:   "Coder trusts the headers of the proxies in front of it",
			Why:     "Otherwise audit logs and rate limits see the address of the proxy instead of the user's.",
			Example: "an Ingress in front of coderd, and CODER_PROXY_TRUSTED_HEADERS is not set",
			Remedy:  "Set CODER_PROXY_TRUSTED_HEADERS (for example X-Forwarded-For) and CODER_PROXY_TRUSTED_ORIGINS (the CIDRs of the proxies).",
			Judge:   judgment.EachWorkload(judgeTrustedProxies),
		},
	}
}

func judgeTrustedProxies(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	origins := r.Env(coder.ProxyTrustedOrigins)
	if origins.Set() {
		// coderd keeps the spaces around an item (coder/coder coderd/httpmw/realip.go).
		for _, cidr := range origins.List() {
			if _, _, err := net.ParseCIDR(cidr); err != nil {
				j.Find(check.Finding{
					Severity: check.Error, Message: "coderd does not start: a trusted origin is not a CIDR", Subject: judgment.Of(d, r, origins),
					Observed: origins.Show(deployment.Text(cidr)), Expected: "a CIDR like 10.0.0.0/8", Remedy: "Write " + coder.ProxyTrustedOrigins + " as CIDRs with commas between them, and no spaces.",
				})
				return
			}
		}
	}
	if len(d.Frontends) == 0 {
		j.Skip("no Ingress or route leads to the replicas")
		return
	}
	headers := r.Env(coder.ProxyTrustedHeaders)
	var missing []string
	for name, v := range map[string]deployment.Value{coder.ProxyTrustedHeaders: headers, coder.ProxyTrustedOrigins: origins} {
		if v.State == deployment.Unknown {
			j.Unknown(name, v)
			return
		}
	}
	for _, v := range []struct {
		name  string
		value deployment.Value
	}{{coder.ProxyTrustedHeaders, headers}, {coder.ProxyTrustedOrigins, origins}} {
		if v.value.Unset() {
			missing = append(missing, v.name)
		}
	}
	if len(missing) == 0 {
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "Coder takes the address of the proxy for the address of the user", Subject: judgment.Subject(d.Frontends[0].Origin),
		Observed: strings.Join(missing, " and ") + " not set behind " + d.Frontends[0].Origin.Kind + " " + d.Frontends[0].Origin.Name, Expected: "both set",
	})
}
