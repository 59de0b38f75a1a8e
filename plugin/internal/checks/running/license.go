package running

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func licenseChecks() []check.Check {
	return []check.Check{
		{
			ID: "license-no-ha", Area: area, Severity: check.Error, Needs: api,
			Title:   "the license entitles the deployment to high availability",
			Why:     "Without it coderd serves, but each replica is alone: a user and a workspace on two replicas do not find each other, and events of one replica do not reach the others.",
			Example: "three replicas without a license",
			Remedy:  "Add a license with high availability: coder licenses add -f FILE. Until then run one replica: coder.replicaCount: 1.",
			Judge:   entitlements(judgeEntitled),
		},
		{
			ID: "license-expiring", Area: area, Severity: check.Warning, Needs: api, Uses: []facts.Kind{facts.OwnerAPI},
			Title:   "the license does not expire soon",
			Why:     "When the license ends, the replicas no longer find each other.",
			Example: "the license ends in 12 days",
			Remedy:  "Renew the license, and add it: coder licenses add -f FILE.",
			Judge:   entitlements(judgeExpiry),
		},
	}
}

// entitlements judges what the replicas say of the license: they read it from one
// database, so the first answer counts.
func entitlements(judge func(*check.Case, facts.CoderAPI) check.Result) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var refused *facts.Unanswered
		for _, a := range f.CoderAPI {
			if a.Entitlements != nil {
				return judge(f, a)
			}
			if refused == nil {
				refused = a.UnansweredAt(facts.PathEntitlements)
			}
		}
		switch {
		case refused != nil && refused.Status == http404:
			return check.NotApplicable("this build of Coder has no licenses")
		case refused != nil && refused.Status > 0:
			return check.Unproven("coderd did not say what it is entitled to: "+refused.Message, giveToken)
		case refused != nil:
			return check.Unproven("coderd did not say what it is entitled to: "+refused.Message, "run it again")
		}
		return check.Unproven("no replica answers, see health", "fix what health reports")
	}
}

const (
	http404   = 404
	giveToken = "set CODER_SESSION_TOKEN in the environment of this command to the token of an owner"
)

// several says whether more than one replica is there or wanted.
func several(f *check.Case) bool { return max(f.Running.Desired(), len(f.Running.Pods)) > 1 }

func judgeEntitled(f *check.Case, a facts.CoderAPI) check.Result {
	e := a.Entitlements
	switch {
	case !several(f):
		return check.NotApplicable("one replica needs no license")
	case e.HighAvailability == facts.Entitled:
		return check.Pass()
	case e.HighAvailability == facts.GracePeriod:
		return check.PassNote("in its grace period, see license-expiring")
	}
	observed := "a license without high availability"
	if !e.HasLicense {
		observed = "no license"
	}
	if len(e.Errors) > 0 {
		observed += ": " + strings.Join(e.Errors, " ")
	}
	return check.Fail(check.Finding{
		Message: human.Count(max(f.Running.Desired(), 2), "replica") + " without the entitlement to high availability", Subject: workload(f),
		Observed: observed, Expected: "high_availability entitled",
	})
}

// expiryHint is how coderd itself begins to warn, 30 days before the end.
const expiryHint = "license expires in"

func judgeExpiry(f *check.Case, a facts.CoderAPI) check.Result {
	e := a.Entitlements
	if !e.HasLicense {
		return check.NotApplicable("there is no license")
	}
	if e.HighAvailability == facts.GracePeriod {
		return check.Fail(check.Finding{
			Message: "the license has expired, and high availability ends with its grace period", Subject: workload(f),
			Observed: cmp.Or(strings.Join(e.Warnings, " "), "high_availability in its grace period"), Expected: "entitled",
		})
	}
	var last time.Time
	read := false
	for _, answer := range f.CoderAPI {
		for _, l := range answer.Licenses {
			if read = true; l.Expires.After(last) {
				last = l.Expires
			}
		}
	}
	if left := last.Sub(f.Now); read && left < f.Limits.LicenseWarning {
		return check.Fail(check.Finding{
			Message: "the license ends " + human.Until(left), Subject: workload(f),
			Observed: last.UTC().Format(time.DateOnly), Expected: "a license for at least " + human.Duration(f.Limits.LicenseWarning),
		})
	}
	if read {
		return check.PassNote("until " + last.UTC().Format(time.DateOnly))
	}
	for _, w := range e.Warnings {
		if strings.Contains(w, expiryHint) {
			return check.Fail(check.Finding{
				Message: strings.TrimSuffix(w, "."), Subject: workload(f), Observed: w, Expected: "a license for at least " + human.Duration(f.Limits.LicenseWarning),
			})
		}
	}
	return check.Unproven(fmt.Sprintf("when the license ends is told to owners only; %s does not warn of it", a.Pod), giveToken)
}
