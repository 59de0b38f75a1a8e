package checks

import (
	"errors"
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
)

// GivenURLChecks are the checks of the URL's text, for a URL that was given
// without a deployment.
func GivenURLChecks() []Check {
	judges := map[string]func(*facts.GivenURL) check.Result{
		"postgres-url-invalid":   judgeOnlyText,
		"postgres-url-multihost": judgeOnlyHosts,
	}
	var out []Check
	for _, c := range postgresURLChecks() {
		if judge, ok := judges[c.ID]; ok {
			c.Judge = func(f *facts.Facts) check.Result {
				if f.Given == nil {
					return check.Unproven("no URL was given", "give --postgres-url-file")
				}
				return judge(f.Given)
			}
			out = append(out, c)
		}
	}
	return out
}

func judgeOnlyText(given *facts.GivenURL) check.Result {
	var wrong *pgurl.Error
	if !errors.As(given.Err, &wrong) {
		return check.Pass()
	}
	return check.Fail(check.Finding{
		Message: "Coder cannot use the database URL: " + wrong.Error(), Subject: check.Subject{Kind: "URL", Name: given.Origin},
		Observed: string(wrong.Part) + " is wrong (the URL is not shown)", Expected: "postgres://USER:PASSWORD@HOST:5432/DATABASE", Remedy: wrong.Remedy,
	})
}

func judgeOnlyHosts(given *facts.GivenURL) check.Result {
	switch {
	case given.Err != nil:
		return check.NotApplicable("see postgres-url-invalid")
	case len(given.URL.Hosts) > 1:
		observed := fmt.Sprintf("%d hosts", len(given.URL.Hosts))
		return check.Fail(check.Finding{
			Message: "the database URL has " + observed, Subject: check.Subject{Kind: "URL", Name: given.Origin},
			Observed: observed, Expected: "one host, which leads to the primary",
		})
	case readerEndpoint(given.URL.Host().Name):
		return check.Fail(check.Finding{
			Message: "the database URL names a reader endpoint", Subject: check.Subject{Kind: "URL", Name: given.Origin},
			Observed: given.URL.Host().String(), Expected: "the endpoint that leads to the primary",
		})
	}
	return check.Pass()
}
