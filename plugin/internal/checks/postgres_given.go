package checks

import (
	"errors"
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// GivenURLChecks are the checks of the URL's text that need no deployment, for
// a run that asks the database alone.
func GivenURLChecks() []Check {
	judges := map[string]givenJudge{"postgres-url-invalid": judgeGivenText, "postgres-url-multihost": judgeGivenHosts}
	var out []Check
	for _, c := range postgresURLChecks() {
		judge, ok := judges[c.ID]
		if !ok {
			continue
		}
		withDeployment := c.Judge
		c.Judge = func(f *facts.Facts) check.Result {
			if f.Deployment != nil {
				return withDeployment(f)
			}
			return withGiven(func(*facts.Facts) check.Result { return check.Pass() }, judge)(f)
		}
		out = append(out, c)
	}
	return out
}

// givenJudge looks at the URL that the user gave; nil is a pass.
type givenJudge func(*facts.GivenURL) *check.Finding

// withGiven judges the URL that the user gave to the command as well.
func withGiven(judge func(*facts.Facts) check.Result, given givenJudge) func(*facts.Facts) check.Result {
	return func(f *facts.Facts) check.Result {
		result := judge(f)
		if f.Given == nil {
			return result
		}
		if finding := given(f.Given); finding != nil {
			finding.Subject = check.Subject{Kind: "URL", Name: f.Given.Origin}
			result.Findings = append(result.Findings, *finding)
		}
		return result
	}
}

func judgeGivenText(given *facts.GivenURL) *check.Finding {
	var wrong *pgurl.Error
	if !errors.As(given.Err, &wrong) {
		return nil
	}
	return &check.Finding{
		Message:  "Coder cannot use the database URL: " + wrong.Error(),
		Observed: string(wrong.Part) + " is wrong (the URL is not shown)", Expected: "postgres://USER:PASSWORD@HOST:5432/DATABASE", Remedy: wrong.Remedy,
	}
}

func judgeGivenHosts(given *facts.GivenURL) *check.Finding {
	observed := ""
	switch {
	case given.Err != nil:
		return nil
	case len(given.URL.Hosts) > 1:
		observed = fmt.Sprintf("%d hosts", len(given.URL.Hosts))
	case readerEndpoint(given.URL.Host().Name):
		observed = "reader endpoint " + given.URL.Host().Name
	default:
		return nil
	}
	return &check.Finding{
		Message: "the database URL has " + observed, Observed: observed, Expected: "one host, which leads to the primary",
	}
}
