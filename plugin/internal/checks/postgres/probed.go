package postgres

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// databaseJudge judges what one probe of a database found out.
type databaseJudge func(*check.Case, *pgfacts.Facts) check.Result

// probed judges every probe. What several of them found alike is said once.
func probed(judge databaseJudge) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var all check.Result
		for _, p := range f.Postgres {
			one := judge(f, p.Facts)
			for _, found := range one.Findings {
				if p.Position != facts.ThisMachine {
					found.Subject.Replica = string(p.Position)
				}
				if !slices.Contains(all.Findings, found) {
					all.Findings = append(all.Findings, found)
				}
			}
			// What is not proved outweighs what does not apply.
			if one.Skip != nil && (all.Skip == nil || all.Skip.Proof == "") {
				all.Skip = one.Skip
			}
			all.Note = cmp.Or(all.Note, one.Note)
		}
		return all
	}
}

// asked judges a server that a session was had with.
func asked(judge databaseJudge) databaseJudge {
	return func(f *check.Case, p *pgfacts.Facts) check.Result {
		switch {
		case p.Interrupted && p.Latency == nil:
			return check.Unproven("the probe of the database was interrupted", "run it again")
		case p.Server == nil || p.Server.VersionNum == 0 && p.Server.Flavor.Supported():
			return check.Result{Skip: &check.Skip{
				Reason: "no session to the database could be opened, see postgres-unreachable", Proof: "fix what postgres-unreachable reports", See: "postgres-unreachable",
			}}
		}
		return judge(f, p)
	}
}

// answered is asked, for a server that is a Postgres and answered the questions
// that the check needs.
func answered(judge databaseJudge, questions ...string) databaseJudge {
	return asked(func(f *check.Case, p *pgfacts.Facts) check.Result {
		if !p.Server.Flavor.Supported() {
			return check.See("postgres-version")
		}
		for _, q := range questions {
			if _, missing := gapOf(p, q); missing {
				return unanswered(p, q, "what this check needs to know")
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
		return check.Unproven("the server did not say "+what+": "+said(g.Message, g.SQLState), "grant the role in the URL the right to read it")
	}
	return check.Unproven("the server did not say "+what, "run the probe again")
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
