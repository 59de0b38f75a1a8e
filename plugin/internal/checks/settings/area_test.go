package settings

import (
	"testing"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), refusalCases, unknownCases, agreementCases, storageCases, provisionerCases, countCases)
}

// added adds lines to the environment file of the second host.
func added(lines ...string) func(*checktest.World) {
	return checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", lines...) })
}

// running are two replicas that run now, with one hostname, for a while.
func running(relay string, longer time.Duration) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Used()
		rows := w.Database().Coder.Replicas
		for i := range rows {
			rows[i].StartedAt, rows[i].UpdatedAt = w.Now.Add(-time.Hour), w.Now.Add(-3*time.Second)
			rows[i].RelayAddress = "http://10.0.0.1:8080"
		}
		rows[1].Hostname, rows[1].RelayAddress, rows[1].StartedAt = rows[0].Hostname, relay, w.Now.Add(-longer)
		w.Database().Coder.Replicas = []pgfacts.ReplicaRow{rows[0], rows[1]}
	}
}

func agreementCases(_ *testing.T, c *checktest.Cases) {
	c.About("env-differs",
		checktest.Passes("all agree", checktest.OnHosts(nil)),
		checktest.Skips("one template makes the pods", "one template", nil),
		checktest.Fires("a duration", "CODER_SESSION_DURATION differs between coder-1 and coder-2", added("CODER_SESSION_DURATION=48h")),
		checktest.Passes("the default, written out", added("CODER_SESSION_DURATION=24h")),
		checktest.Passes("the default, in another form", added("CODER_SESSION_DURATION=1440m")),
		checktest.Passes("a switch, in two forms", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Add("coder-1", "CODER_REDIRECT_TO_ACCESS_URL=true")
			h.Add("coder-2", "CODER_REDIRECT_TO_ACCESS_URL=1")
			h.Add("coder-3", "CODER_REDIRECT_TO_ACCESS_URL=T")
		})),
		checktest.Passes("an empty switch, which is off", added("CODER_REDIRECT_TO_ACCESS_URL=")),
		checktest.Fires("a secret", "CODER_OIDC_CLIENT_SECRET differs", added("CODER_OIDC_CLIENT_SECRET="+checktest.Secret)),
		checktest.Passes("a secret that is the same", checktest.OnHosts(func(h *checktest.HostFiles) { h.AddAll("CODER_OIDC_CLIENT_SECRET=" + checktest.Secret) })),
		checktest.Fires("a numbered one", "CODER_EXTERNAL_AUTH_0_ID differs", added("CODER_EXTERNAL_AUTH_0_ID=github")),
		checktest.Passes("one that may differ", added("CODER_PROVISIONER_DAEMONS=1", "CODER_CACHE_DIRECTORY=/var/cache/coder")),
		checktest.Passes("experiments in another order", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.AddAll("CODER_EXPERIMENTS=a,b")
			h.Replace("coder-2", "a,b", "b,A")
		})),
		checktest.Fires("experiments that matter for something else", "CODER_EXPERIMENTS differs", added("CODER_EXPERIMENTS=a")),
		checktest.Skips("experiments that matter for pubsub", "cluster-mixed-pubsub", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Add("coder-2", "CODER_EXPERIMENTS=no_nats_pubsub")
		})),
		checktest.Fires("what coderd does not take", "CODER_SESSION_DURATION differs", added("CODER_SESSION_DURATION=day")),
		checktest.Skips("another file of the unit that is not there", "/etc/coder.d/more.env", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Unit += "EnvironmentFile=/etc/coder.d/more.env\n"
			h.Add("coder-1", "CODER_SESSION_DURATION=24h")
		})),
		checktest.Skips("one host", "one replica", checktest.OnHosts(func(h *checktest.HostFiles) { h.Names = h.Names[:1] })),
	)
	c.About("hostname-shared",
		checktest.Passes("each has its own", checktest.OnHosts(nil)),
		checktest.Skips("pods have their own", "each pod has a hostname", nil),
		checktest.Fires("they differ in the domain only", "the same hostname without its domain", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Env["coder-1.us"] = h.Env["coder-2"]
			h.Names = []string{"coder-1.eu", "coder-1.us", "coder-3"}
			h.Env["coder-1.eu"] = h.Env["coder-1"]
		})),
		checktest.Passes("they share a domain", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Names = []string{"coder-1.eu", "coder-2.eu"}
			h.Env["coder-1.eu"], h.Env["coder-2.eu"] = h.Env["coder-1"], h.Env["coder-2"]
		})),
		checktest.Fires("two that run now", "two replicas run now with the same hostname", running("http://10.0.0.2:8080", 10*time.Minute)),
		checktest.Skips("one that was killed and came back", "each pod has a hostname", running("http://10.0.0.2:8080", 10*time.Second)),
		checktest.Skips("one that runs twice at its address", "each pod has a hostname", running("http://10.0.0.1:8080", 10*time.Minute)),
	)
}
