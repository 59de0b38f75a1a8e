package settings

import (
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// refusalChecks judge whether coderd starts with its settings.
func refusalChecks() []check.Check {
	return []check.Check{{
		ID: "settings-invalid", Area: area, Severity: check.Error, Needs: judgment.Replicas,
		Title:   "coderd accepts its variables, flags and config file",
		Why:     "coderd exits at a value, a flag or a key of its config file that it does not accept, so no replica starts.",
		Example: "CODER_TLS_ENABLE=yes, or --tls-enable true with a space",
		Remedy:  "Correct the setting. `coder server --help` lists the flags and variables, and `coder server --write-config` prints a config file.",
		Judge:   judgment.EachWorkload(judgeRefusals),
	}}
}

// reportedBy are the checks that report what is wrong with a setting, by variable.
var reportedBy = map[string]string{
	coder.AccessURL: "access-url-invalid", coder.WildcardAccessURL: "wildcard-access-url-invalid", coder.RelayURL: "relay-url-invalid",
	coder.HTTPAddress: "http-address-invalid", coder.TLSAddress: "http-address-invalid", coder.Address: "http-address-invalid",
}

func judgeRefusals(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	if len(r.Refusals) == 0 {
		j.Good()
	}
	for _, refusal := range r.Refusals {
		id, other := reportedBy[refusal.Variable]
		switch {
		case other:
			j.See(id)
		case refusal.Doubt != "":
			j.Unproven(refusal.Given+": "+refusal.Reason+", but "+refusal.Doubt, "run `coder server --help` of that version")
		default:
			j.Find(finding(d, r, refusal))
		}
	}
}

func finding(d *deployment.Deployment, r deployment.Replica, refusal deployment.Refusal) check.Finding {
	found := check.Finding{
		Message: "coderd does not start: " + refusal.Reason, Subject: judgment.At(d, r, refusal.Origin),
		Observed: refusal.Given, Expected: "a setting that coderd accepts",
	}
	if refusal.Variable != "" {
		found.Message = "coderd does not start: the value of " + refusal.Given + " " + refusal.Reason
		found.Observed = refusal.Variable + "=" + r.Env(refusal.Variable).String()
	}
	return found
}
