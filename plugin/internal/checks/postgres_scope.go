package checks

import (
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// PostgresChecks are those that judge what the database server said. They need
// no deployment, but say more with one.
func PostgresChecks() []Check {
	out := append(postgresReachChecks(), postgresServerChecks()...)
	out = append(out, postgresCapacityChecks()...)
	out = append(out, postgresLatencyChecks()...)
	out = append(out, postgresBehaviorChecks()...)
	out = append(out, postgresOwnerChecks()...)
	return append(out, migrationChecks()...)
}

var readsPostgres = []check.Reads{check.Postgres}

// asked judges a server that a session was had with.
func asked(judge func(*facts.Facts, *pgfacts.Facts) check.Result) func(*facts.Facts) check.Result {
	return func(f *facts.Facts) check.Result {
		p := f.Postgres
		switch {
		case p == nil && f.PostgresSkip.Reason != "":
			return check.Result{Skip: &f.PostgresSkip}
		case p == nil:
			return check.Unproven("no database was asked", "give its URL in "+coder.PostgresURL)
		case p.Interrupted && p.Latency == nil:
			return check.Unproven("the probe of the database was interrupted", "run it again")
		case p.Server == nil || p.Server.VersionNum == 0 && p.Server.Flavor.Supported():
			return check.Unproven("the database could not be asked, see postgres-unreachable", "make the database reachable")
		}
		return judge(f, p)
	}
}

// askedAll is asked, for a server that is a Postgres and answered the questions
// that the check needs.
func askedAll(judge func(*facts.Facts, *pgfacts.Facts) check.Result, questions ...string) func(*facts.Facts) check.Result {
	return asked(func(f *facts.Facts, p *pgfacts.Facts) check.Result {
		if !p.Server.Flavor.Supported() {
			return check.NotApplicable("the server is no Postgres, see postgres-version")
		}
		for _, q := range questions {
			if _, missing := gapOf(p, q); missing {
				return unanswered(p, q, "what this check needs")
			}
		}
		return judge(f, p)
	})
}

// gapOf is the gap of a question without an answer.
func gapOf(p *pgfacts.Facts, question string) (pgfacts.Gap, bool) {
	for _, g := range p.Gaps {
		if g.Question == question {
			return g, true
		}
	}
	return pgfacts.Gap{}, false
}

// unanswered is the result where a question of the probe had no answer.
func unanswered(p *pgfacts.Facts, question, what string) check.Result {
	if g, missing := gapOf(p, question); missing {
		return check.Unproven("the server did not tell "+what+": "+said(g.Message, g.SQLState), "let the role of the URL read it")
	}
	return check.Unproven("the server did not tell "+what, "run the probe again")
}

// server is what a finding about the database is about.
func server(p *pgfacts.Facts) check.Subject {
	return check.Subject{Kind: "Postgres", Name: fmt.Sprintf("%s:%d/%s", p.Target.Host, p.Target.Port, p.Target.Database)}
}

// said quotes a server's message with its code.
func said(message, sqlState string) string {
	if sqlState == "" {
		return message
	}
	return fmt.Sprintf("%s (SQLSTATE %s)", message, sqlState)
}

// ms is a duration in milliseconds, as short as it is still true.
func ms(d time.Duration) string {
	value := float64(d) / float64(time.Millisecond)
	switch {
	case value >= 10:
		return fmt.Sprintf("%.0f ms", value)
	case value >= 1:
		return fmt.Sprintf("%.1f ms", value)
	default:
		return fmt.Sprintf("%.2f ms", value)
	}
}

// seconds is a longer duration, for people.
func seconds(d time.Duration) string {
	if d.Abs() >= time.Minute {
		return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// plural is "1 replica" or "3 replicas".
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
