package postgres

import (
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// givenJudge looks at the URL that the user gave; nil is a pass.
type givenJudge func(facts.GivenURL) *check.Finding

// withGiven judges the URLs of the replicas, where there is a description of
// them, and those that the user gave to the command as well.
func withGiven(judge func(*check.Case) check.Result, given givenJudge) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var result check.Result
		if f.Deployment != nil {
			result = judge(f)
		}
		for _, url := range f.Given {
			if finding := given(url); finding != nil {
				finding.Subject = check.Subject{Kind: "URL", Name: url.Origin}
				result.Findings = append(result.Findings, *finding)
			}
		}
		return result
	}
}

func judgeGivenText(given facts.GivenURL) *check.Finding {
	wrong := given.Problem
	if wrong == nil {
		return nil
	}
	return &check.Finding{
		Message:  "Coder cannot use the database URL: " + wrong.Error(),
		Observed: string(wrong.Part) + " is wrong (the URL is not shown)", Expected: "postgres://USER:PASSWORD@HOST:5432/DATABASE", Remedy: wrong.Remedy,
	}
}

func judgeGivenHosts(given facts.GivenURL) *check.Finding {
	observed := ""
	switch {
	case given.Problem != nil:
		return nil
	case len(given.Hosts) > 1:
		observed = fmt.Sprintf("%d hosts", len(given.Hosts))
	case readerEndpoint(given.Host().Name):
		observed = "reader endpoint " + given.Host().Name
	default:
		return nil
	}
	return &check.Finding{
		Message: "the database URL has " + observed, Observed: observed, Expected: "one host, which leads to the primary",
	}
}
