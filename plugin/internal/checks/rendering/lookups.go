package rendering

import (
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// lookupChecks judge whether what is checked is what will be installed.
func lookupChecks() []check.Check {
	return []check.Check{{
		ID: "render-lookup-open", Area: area, Severity: check.Error, Needs: judgment.Replicas,
		Title:   "the cluster answered every lookup of the chart",
		Why:     "A template that does not get the object it looks up renders something other than what will be installed.",
		Example: "a template looks up Secret coder/coder-db-url, and the user may not get Secrets",
		Remedy:  "Use --dry-run=server as a user who can read the objects that the templates look up.",
		Judge:   judgeLookups,
	}}
}

func judgeLookups(f *check.Case) check.Result {
	asked := f.Deployment.Lookups
	switch {
	case asked == nil:
		return check.NotApplicable("rendered without asking the cluster")
	case asked.Refused:
		return check.Unproven("the chart refuses its values, and the rest was rendered as if every lookup had found nothing",
			"use values that the chart accepts")
	case len(asked.Open) > 0:
		var what, rights []string
		for _, lookup := range asked.Open {
			what = append(what, lookup.String())
			rights = append(rights, lookup.Right())
		}
		return check.Unproven(
			fmt.Sprintf("the cluster at %s did not answer for %s: this user lacks %s; rendered as if nothing was there", asked.Server, strings.Join(what, ", "), strings.Join(rights, ", ")),
			deployment.GrantLookups)
	}
	return check.PassNote(fmt.Sprintf("%d by %s", len(asked.Answered), asked.Server))
}
