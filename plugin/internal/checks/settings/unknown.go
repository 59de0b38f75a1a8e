package settings

import (
	"maps"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// unknownChecks judge whether coderd knows what it is given.
func unknownChecks() []check.Check {
	return []check.Check{{
		ID: "env-unknown", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
		Title:   "every CODER_ variable is one that Coder knows",
		Why:     "coderd ignores a variable that it does not know, and says nothing.",
		Example: "CODER_VERBOS=true",
		Remedy:  "Use the name in Coder's documentation, or remove the variable. `coder server --help` lists them.",
		Judge:   judgment.EachWorkload(judgeUnknown),
	}}
}

func judgeUnknown(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica) {
	j.Good()
	used := map[string]bool{}
	for _, v := range r.Variables {
		for _, name := range v.References {
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Variables)) {
		known, doubt, ignored := coder.Ignores(d.Version, name)
		// A variable that others are made of does its work, whatever its name is.
		if !ignored || used[name] {
			continue
		}
		meant, near := nearest.To(name, known)
		typo := near && nearest.Distance(name, meant) <= slip
		switch {
		case !typo && startedByOthers(r):
			j.Skip("what starts coderd may read %s", name)
		case !typo && doubt != "":
			j.Unproven(name+": "+doubt, "look for it in `coder server --help` of that version")
		default:
			report(j, d, r, name, meant, near)
		}
	}
}

// slip is how many characters of a name somebody gets wrong by mistake.
const slip = 2

// startedByOthers says whether a program or script that is not read starts coderd.
func startedByOthers(r deployment.Replica) bool {
	return slices.ContainsFunc(r.Opaque, func(o deployment.Opaque) bool { return o.Key == nil && o.Prefix == "" })
}

func report(j *judgment.Judgment, d *deployment.Deployment, r deployment.Replica, name, meant string, near bool) {
	found := check.Finding{
		Message: "Coder does not know " + name + ", and ignores it", Subject: judgment.Of(d, r, r.Variables[name]),
		Observed: name + " is set", Expected: "a variable of Coder",
	}
	if near {
		found.Expected = meant
		found.Remedy = "Rename it to " + meant + ", if that was meant, or remove it."
	}
	j.Find(found)
}
