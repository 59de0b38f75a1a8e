package relay

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

func regionCases(_ *testing.T, c *checktest.Cases) {
	c.About("relay-region-mismatch",
		checktest.Passes("the default everywhere", checktest.OnHosts(nil)),
		checktest.Passes("the default, written out on one host", checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", "CODER_DERP_SERVER_REGION_ID=999") })),
		checktest.Fires("another one on one host", "coder-1 and coder-2 are in different", checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", "CODER_DERP_SERVER_REGION_ID=998") })),
		checktest.Passes("another one on all hosts", checktest.OnHosts(func(h *checktest.HostFiles) { h.AddAll("CODER_DERP_SERVER_REGION_ID=5") })),
		checktest.Skips("custom relays", "embedded relay is off", checktest.CustomRelays),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) { w.Replicas(1) }),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more may set", func(w *checktest.World) { w.EnvFromSecret("more") }),
		checktest.Fires("of those that run now", "run now in different DERP regions", func(w *checktest.World) { w.Used(); w.Database().Coder.Replicas[1].RegionID = 5 }),
		checktest.Passes("of one that is gone", func(w *checktest.World) {
			w.Used()
			w.Database().Coder.Replicas[1].RegionID, w.Database().Coder.Replicas[1].Stopped = 5, true
		}),
	)
}

// hostCases are the mistakes of the relay URL that are made on hosts.
func hostCases(_ *testing.T, c *checktest.Cases) {
	second := func(from, to string) func(*checktest.World) {
		return checktest.OnHosts(func(h *checktest.HostFiles) { h.Replace("coder-2", from, to) })
	}
	const relay = "CODER_DERP_SERVER_RELAY_URL=http://10.0.0.2:8080"
	c.About("relay-url-missing",
		checktest.Passes("each host has one", checktest.OnHosts(nil)),
		checktest.Fires("a host has none", "host coder-2 has no relay URL", second(relay, "")),
		checktest.Fires("a host has an empty one", "host coder-2 has no relay URL", second(relay, "CODER_DERP_SERVER_RELAY_URL=")),
	)
	c.About("relay-url-shared",
		checktest.Fires("copied from another host", "coder-1 and coder-2 have the same relay URL", second(relay, "CODER_DERP_SERVER_RELAY_URL=http://10.0.0.1:8080")),
	)
	c.About("relay-url-equals-access-url",
		checktest.Fires("that of all hosts, which this one lacks", "the access URL's host", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Replace("coder-2", relay, "CODER_DERP_SERVER_RELAY_URL=https://coder.example.com")
			h.Replace("coder-2", "CODER_ACCESS_URL=https://coder.example.com", "")
		})),
	)
	c.About("relay-url-port-mismatch",
		checktest.Fires("one host listens elsewhere", "coderd listens for http on port 80", second("0.0.0.0:8080", "0.0.0.0:80")),
	)
	c.About("relay-url-unexpanded",
		checktest.Fires("as in a manifest", "that nothing expands", second(relay, "CODER_DERP_SERVER_RELAY_URL=http://$(IP):8080")),
	)
	c.About("relay-pod-ip-source", checktest.Skips("a host", "does not run in a pod", checktest.OnHosts(nil)))
	c.About("relay-env-overridden",
		checktest.Warns("twice in a file", coder.HTTPAddress+" is set twice", checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", "CODER_HTTP_ADDRESS=0.0.0.0:8081") })),
		checktest.Passes("twice with the same value", checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", "CODER_HTTP_ADDRESS=0.0.0.0:8080") })),
	)
}
