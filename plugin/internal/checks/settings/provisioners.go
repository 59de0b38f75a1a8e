package settings

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// provisionerChecks judge what becomes of builds when a replica stops.
func provisionerChecks() []check.Check {
	return []check.Check{{
		ID: "built-in-provisioners", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
		Title:   "builds of built-in provisioners get 10 minutes or more to end when a replica stops",
		Why:     "On SIGTERM, coderd waits up to 30 minutes for the builds of its own provisioners. A build that still runs after the grace period is killed, and its resources may be left behind.",
		Example: "CODER_PROVISIONER_DAEMONS=3 with terminationGracePeriodSeconds: 60",
		Remedy:  "Set CODER_PROVISIONER_DAEMONS=0 and run external provisioners, or let a replica take 31 minutes to stop: terminationGracePeriodSeconds: 1860 in the pod, TimeoutStopSec=31min in the unit of a host.",
		Judge:   judgment.BetweenReplicas(judgeProvisioners),
	}}
}

// buildTime is what Coder's chart of provisioners gives a build to end (coder/coder
// helm/provisioner/values.yaml).
const buildTime = 10 * time.Minute

func judgeProvisioners(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	given := r.Env(coder.ProvisionerDaemons)
	text, literal := given.Or("3").Text.Literal()
	daemons, err := strconv.Atoi(text)
	switch {
	case r.Refused(coder.ProvisionerDaemons) != nil:
		j.See("settings-invalid")
		return
	case given.State == deployment.Unknown || !literal || err != nil:
		j.Unknown(coder.ProvisionerDaemons, given)
		return
	case daemons <= 0:
		j.Skip("no built-in provisioners run")
		return
	}
	grace, shown, known := graceOf(j, d.Workloads[r.Workload])
	switch {
	case !known:
	case grace >= buildTime:
		j.Good()
	default:
		found := check.Finding{
			Message: "a build that runs longer than " + human.Whole(grace) + " is killed when its replica stops",
			Subject: judgment.Of(d, r, given), Observed: coder.ProvisionerDaemons + "=" + text + " with " + shown,
			Expected: coder.ProvisionerDaemons + "=0, or 10 minutes or more to stop",
		}
		if given.Unset() {
			// Nobody has chosen them, and there may be no builds on them.
			found.Severity = check.Info
			found.Observed = coder.ProvisionerDaemons + " is not set (3 is the default) with " + shown
		}
		j.Find(found)
	}
}

// hostGrace is systemd's own DefaultTimeoutStopSec.
const hostGrace = 90 * time.Second

// graceOf is how long a replica may take to stop once it hears of it; it says why that
// is not known.
func graceOf(j *judgment.Judgment, w deployment.Workload) (grace time.Duration, shown string, known bool) {
	if w.Pod != nil {
		grace = time.Duration(w.Pod.GraceSeconds) * time.Second
		shown = "terminationGracePeriodSeconds: " + strconv.Itoa(w.Pod.GraceSeconds)
		if hook := w.Pod.PreStop; hook != nil && hook.Sleep > 0 {
			grace = max(grace-hook.Sleep, 0)
			shown += ", of which the preStop hook takes " + human.Whole(hook.Sleep)
		}
		return grace, shown, true
	}
	unit := w.Host.Unit
	const proof = "give the unit and its drop-ins with --unit"
	switch {
	case unit == nil:
		j.Unproven("the unit that runs coderd is not in the input", proof)
	case interrupts(unit.KillSignal.Text):
		j.See("unit-kill-signal")
	case unit.TimeoutStop.Text == "" && unit.Partial:
		j.Unproven("only drop-ins of the unit are in the input", proof)
	case unit.TimeoutStop.Text == "":
		return hostGrace, "no TimeoutStopSec (90 seconds is systemd's default)", true
	default:
		grace, err := systemd.Timespan(unit.TimeoutStop.Text)
		if err != nil {
			j.Unproven("TimeoutStopSec: "+err.Error(), "write it as 31min or infinity")
			return 0, "", false
		}
		if grace == systemd.Infinity || grace == 0 {
			// systemd takes 0 for infinity.
			grace = math.MaxInt64
		}
		return grace, "TimeoutStopSec=" + unit.TimeoutStop.Text, true
	}
	return 0, "", false
}

// interrupts says whether a signal cancels builds at once.
func interrupts(signal string) bool {
	name := strings.TrimPrefix(strings.ToUpper(signal), "SIG")
	return name == "INT" || name == "2"
}
