package hosts

import (
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// unitChecks judge how the unit starts and stops coderd.
func unitChecks() []check.Check {
	return []check.Check{
		{
			ID: "unit-kill-signal", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "stopping the unit does not cancel running builds",
			Why:     "For SIGINT, coderd cancels the builds of its own provisioners; for SIGTERM, it waits up to 30 minutes until they end. The unit of Coder's package uses SIGINT.",
			Example: "KillSignal=SIGINT in coder.service, with built-in provisioners",
			Remedy:  "Add a drop-in with KillSignal=SIGTERM and TimeoutStopSec=31min to the section [Service], or set CODER_PROVISIONER_DAEMONS=0 and run provisioners elsewhere.",
			Judge:   onHosts(judgeKillSignal),
		},
		{
			ID: "unit-start-timeout", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
			Title:   "systemd gives coderd more than 90 seconds to start",
			Why:     "coderd says that it is ready only after its migrations. systemd ends the start after 90 seconds by default, in the middle of a long migration.",
			Example: "Type=notify in coder.service, without TimeoutStartSec",
			Remedy:  "Add a drop-in with TimeoutStartSec=15min, or infinity, to the section [Service].",
			Judge:   onHosts(judgeStartTimeout),
		},
	}
}

// giveUnit says how to make the unit known.
const giveUnit = "give the unit and its drop-ins with --unit"

// withUnit judges where the setting is known. A drop-in that has it says enough,
// for it wins over the unit.
func withUnit(j *judgment.Judgment, host deployment.Host, setting func(deployment.Unit) deployment.UnitSetting) (deployment.Unit, bool) {
	switch {
	case host.Unit == nil:
		j.Open("the unit that runs coderd is not in the input", giveUnit)
	case host.Unit.Partial && setting(*host.Unit).Text == "":
		j.Open("only drop-ins of the unit are in the input", giveUnit)
	default:
		return *host.Unit, true
	}
	return deployment.Unit{}, false
}

// noProvisioners says whether coderd runs no provisioner of its own.
func noProvisioners(r deployment.Replica) bool {
	text, literal := r.Env(coder.ProvisionerDaemons).Text.Literal()
	return literal && strings.TrimLeft(text, "0") == "" && text != ""
}

func judgeKillSignal(j *judgment.Judgment, _ *deployment.Deployment, r deployment.Replica, host deployment.Host) {
	daemons := r.Env(coder.ProvisionerDaemons)
	switch {
	case noProvisioners(r):
		j.Skip("no built-in provisioners run")
		return
	case daemons.State == deployment.Unknown:
		j.Unknown(coder.ProvisionerDaemons, daemons)
		return
	}
	unit, known := withUnit(j, host, func(u deployment.Unit) deployment.UnitSetting { return u.KillSignal })
	if !known {
		return
	}
	signal := strings.ToUpper(strings.TrimPrefix(strings.ToUpper(unit.KillSignal.Text), "SIG"))
	if signal != "INT" && signal != "2" {
		j.Good()
		return
	}
	j.Find(check.Finding{
		Message: "stopping or restarting the unit cancels the builds that run on this host", Subject: at(r, unit.KillSignal.Origin),
		Observed: "KillSignal=" + unit.KillSignal.Text + " with built-in provisioners", Expected: "KillSignal=SIGTERM, or " + coder.ProvisionerDaemons + "=0",
		Remedy: "Add a drop-in for the unit:\n[Service]\nKillSignal=SIGTERM\nTimeoutStopSec=31min",
	})
}

// shortStart is systemd's own DefaultTimeoutStartSec.
const shortStart = 90 * time.Second

func judgeStartTimeout(j *judgment.Judgment, _ *deployment.Deployment, r deployment.Replica, host deployment.Host) {
	unit, known := withUnit(j, host, func(u deployment.Unit) deployment.UnitSetting { return u.TimeoutStart })
	switch {
	case !known:
		return
	case !waits(unit):
		j.Skip("the unit is not of Type=notify, so systemd does not wait for coderd")
		return
	}
	limit, observed := shortStart, "TimeoutStartSec is not set: 90 seconds is systemd's default"
	if text := unit.TimeoutStart.Text; text != "" {
		var err error
		if limit, err = systemd.Timespan(text); err != nil {
			j.Unknown("TimeoutStartSec", deployment.Value{Why: err.Error(), Proof: "write it as 15min or infinity"})
			return
		}
		observed = "TimeoutStartSec=" + text
	}
	if limit > shortStart || limit <= 0 {
		j.Good()
		return
	}
	where := unit.TimeoutStart.Origin
	if where.File == "" {
		where = unit.Origin
	}
	j.Find(check.Finding{
		Message: "systemd ends the start of coderd after " + human.Duration(limit) + ", in the middle of a long migration", Subject: at(r, where),
		Observed: observed, Expected: "15min or more, or infinity",
		Remedy: "Add a drop-in for the unit:\n[Service]\nTimeoutStartSec=15min",
	})
}

// waits says whether systemd waits until coderd says that it is ready. The unit of
// Coder's package, of which drop-ins alone are known, does.
func waits(u deployment.Unit) bool {
	return u.Type.Text == "notify" || u.Type.Text == "notify-reload" || u.Partial && u.Type.Text == ""
}

// at is the subject of a finding at a line of a unit.
func at(r deployment.Replica, o deployment.Origin) check.Subject {
	s := judgment.Subject(o)
	s.Kind, s.Name = "host", r.Name
	return s
}
