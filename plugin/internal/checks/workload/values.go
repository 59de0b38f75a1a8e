package workload

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
)

// valuesChecks judge the keys of the user's values.
func valuesChecks() []check.Check {
	return []check.Check{{
		ID: "values-misplaced", Area: area, Severity: check.Warning, Needs: judgment.Replicas,
		Title:   "no key of the values looks like a misplaced or misspelled key of the chart",
		Why:     "Helm passes over a key that the chart does not read: the default stays, and nothing says so.",
		Example: "--set replicaCount=3, where the chart reads coder.replicaCount",
		Remedy:  "Write the key where the chart reads it.",
		Judge:   judgeValues,
	}}
}

func judgeValues(c *check.Case) check.Result {
	values := c.Deployment.Values
	if values == nil {
		return check.NotApplicable("no chart is rendered")
	}
	var found []check.Finding
	for _, key := range values.Stray {
		subject := judgment.Container(c.Deployment, c.Deployment.Replicas[0])
		subject.Container, subject.File, subject.Line = "", key.Origin.File, key.Origin.Line
		meant := strings.Join(key.Meant, " or ")
		found = append(found, check.Finding{
			Message: "the chart does not read " + key.Path + "; it has " + meant,
			Subject: subject, Observed: key.Path, Expected: meant,
			Remedy: "Write " + meant + " in place of " + key.Path + ", or remove it.",
		})
	}
	if len(found) > 0 {
		return check.Fail(found...)
	}
	return check.Pass()
}
