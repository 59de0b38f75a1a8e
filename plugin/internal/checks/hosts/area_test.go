package hosts

import (
	"strings"
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), fileCases, unitCases)
}

// added adds lines to the environment file of the second host.
func added(lines ...string) func(*checktest.World) {
	return checktest.OnHosts(func(h *checktest.HostFiles) { h.Add("coder-2", lines...) })
}

func fileCases(_ *testing.T, c *checktest.Cases) {
	c.About("env-file-unreadable",
		checktest.Passes("as it should be", checktest.OnHosts(nil)),
		checktest.Skips("pods have none", "run on Kubernetes", nil),
		checktest.Fires("export", "begins with export", added("export CODER_SESSION_DURATION=24h")),
		checktest.Passes("export in a comment", added("# export CODER_SESSION_DURATION=24h")),
		checktest.Passes("export in a value", added("CODER_SUPPORT_LINKS=export it")),
		checktest.Fires("a line without an equal sign", "no equal sign", added("CODER_SESSION_DURATION")),
		checktest.Fires("a name with a dash", "not the name of a variable", added("CODER-SESSION-DURATION=24h")),
		checktest.Fires("a byte order mark", "not the name of a variable", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Env["coder-2"] = "\ufeff" + strings.TrimPrefix(h.Env["coder-2"], "# written by hand\n")
		})),
		checktest.Passes("Windows line ends", checktest.OnHosts(func(h *checktest.HostFiles) { h.Replace("coder-2", "\n", "\r\n") })),
		checktest.Fires("a variable in an address", "does not expand variables", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Replace("coder-2", "CODER_CLUSTER_HOST=10.0.0.2", "CODER_CLUSTER_HOST=$IP")
		})),
		checktest.Fires("a variable of the file itself", "holds ${DOMAIN} as it stands", added("DOMAIN=example.com", "CODER_OIDC_ISSUER_URL=https://id.${DOMAIN}")),
		checktest.Passes("a dollar sign in a password", checktest.OnHosts(func(h *checktest.HostFiles) {
			for _, name := range h.Names {
				h.Replace(name, checktest.Secret, checktest.Secret+"$word")
			}
		})),
		checktest.Passes("a dollar sign in another text", added("CODER_OIDC_SIGN_IN_TEXT=for $users")),
		checktest.Fires("an empty file", "is empty", checktest.OnHosts(func(h *checktest.HostFiles) { h.Env["coder-2"] = "" })),
		checktest.Fires("a quote that is not closed", "a quote is not closed", added("CODER_OIDC_SIGN_IN_TEXT=\"for users")),
		checktest.Passes("a quote within a value", added("CODER_OIDC_SIGN_IN_TEXT=for \"users")),
		checktest.Warns("a comment with a backslash at its end", "before 254", added("# C:\\coder\\", "CODER_SESSION_DURATION=24h")),
		checktest.Fires("not UTF-8", "is not text", added("CODER_OIDC_SIGN_IN_TEXT=\xff")),
		checktest.Fires("everyone can read the password", "everyone on this machine can read", checktest.OnHosts(func(h *checktest.HostFiles) { h.Mode = 0o644 })),
		checktest.Passes("a group can read the password", checktest.OnHosts(func(h *checktest.HostFiles) { h.Mode = 0o640 })),
		checktest.Passes("everyone can read a file without secrets", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Mode = 0o644
			for _, name := range h.Names {
				h.Replace(name, ":"+checktest.Secret, "")
			}
		})),
	)
}

// unitIs replaces a line of the unit.
func unitIs(from, to string) func(*checktest.World) {
	return checktest.OnHosts(func(h *checktest.HostFiles) { h.Unit = strings.ReplaceAll(h.Unit, from+"\n", to) })
}

func unitCases(_ *testing.T, c *checktest.Cases) {
	c.About("unit-kill-signal",
		checktest.Passes("SIGTERM", checktest.OnHosts(nil)),
		checktest.Passes("not set, which is SIGTERM", unitIs("KillSignal=SIGTERM", "")),
		checktest.Warns("SIGINT, as in Coder's package", "cancels the builds", unitIs("KillSignal=SIGTERM", "KillSignal=SIGINT\n")),
		checktest.Warns("by its number", "cancels the builds", unitIs("KillSignal=SIGTERM", "KillSignal=2\n")),
		checktest.Passes("a later line wins", unitIs("KillSignal=SIGTERM", "KillSignal=SIGINT\nKillSignal=SIGTERM\n")),
		checktest.Skips("no provisioners of its own", "no built-in provisioners", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Unit = strings.ReplaceAll(h.Unit, "SIGTERM", "SIGINT")
			h.AddAll("CODER_PROVISIONER_DAEMONS=0")
		})),
		checktest.Skips("no unit", "not in the input", checktest.OnHosts(func(h *checktest.HostFiles) { h.Unit = "" })),
	)
	c.About("unit-start-timeout",
		checktest.Passes("15 minutes", checktest.OnHosts(nil)),
		checktest.Passes("never", unitIs("TimeoutStartSec=15min", "TimeoutStartSec=infinity\n")),
		checktest.Passes("0, which is never", unitIs("TimeoutStartSec=15min", "TimeoutStartSec=0\n")),
		checktest.Passes("by TimeoutSec", unitIs("TimeoutStartSec=15min", "TimeoutSec=20min\n")),
		checktest.Warns("systemd's default", "after 1m30s", unitIs("TimeoutStartSec=15min", "")),
		checktest.Warns("90 seconds", "after 1m30s", unitIs("TimeoutStartSec=15min", "TimeoutStartSec=90\n")),
		checktest.Passes("91 seconds", unitIs("TimeoutStartSec=15min", "TimeoutStartSec=1min 31s\n")),
		checktest.Skips("a unit that is ready at once", "not of Type=notify", checktest.OnHosts(func(h *checktest.HostFiles) {
			h.Unit = strings.ReplaceAll(strings.ReplaceAll(h.Unit, "Type=notify", "Type=simple"), "TimeoutStartSec=15min", "")
		})),
		checktest.Skips("no unit", "not in the input", checktest.OnHosts(func(h *checktest.HostFiles) { h.Unit = "" })),
	)
}
