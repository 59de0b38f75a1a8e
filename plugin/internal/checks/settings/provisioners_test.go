package settings

import (
	"strings"
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// builds runs provisioners in each replica, which has some seconds to stop.
func builds(daemons string, seconds int64) func(*checktest.World) {
	return func(w *checktest.World) {
		if daemons != "" {
			w.Set(coder.ProvisionerDaemons, daemons)
		}
		w.Pod().TerminationGracePeriodSeconds = &seconds
	}
}

// unit replaces a text in the unit of all hosts.
func unit(from, to string) func(*checktest.World) {
	return checktest.OnHosts(func(h *checktest.HostFiles) {
		h.AddAll("CODER_PROVISIONER_DAEMONS=3")
		h.Unit = strings.ReplaceAll(h.Unit, from, to)
	})
}

func provisionerCases(_ *testing.T, c *checktest.Cases) {
	c.About("built-in-provisioners",
		checktest.Passes("31 minutes", nil),
		checktest.Warns("a minute", "longer than 50 seconds is killed", builds("3", 60)),
		checktest.Passes("10 minutes beside the delay", builds("3", 610)),
		checktest.Warns("10 minutes less the delay", "longer than 9m50s", builds("3", 600)),
		checktest.Advises("a minute for those that nobody asked for", "longer than 50 seconds", builds("", 60)),
		checktest.Skips("none", "no built-in provisioners run", builds("0", 60)),
		checktest.Skips("no number", "settings-invalid", builds("many", 60)),
		checktest.Skips("a Secret that is not there may set it", "Secret coder/more", func(w *checktest.World) {
			builds("", 60)(w)
			w.EnvFromSecret("more")
		}),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) {
			builds("3", 60)(w)
			w.Replicas(1)
		}),
		checktest.Passes("a host with 31 minutes", unit("", "")),
		checktest.Warns("a host with systemd's default", "longer than 1m30s", unit("TimeoutStopSec=31min\n", "")),
		checktest.Warns("a host with less", "longer than 5m", unit("31min", "5min")),
		checktest.Passes("a host that waits for ever", unit("31min", "infinity")),
		checktest.Passes("a host whose 0 is for ever", unit("TimeoutStopSec=31min", "TimeoutStopSec=0")),
		checktest.Skips("a host that cancels builds", "unit-kill-signal", unit("SIGTERM", "SIGINT")),
		checktest.Skips("hosts without a unit", "unit that runs coderd", checktest.OnHosts(func(h *checktest.HostFiles) { h.Unit = "" })),
	)
}
