package postgres

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// databaseJudge judges what one probe of a database found out.
type databaseJudge func(*check.Case, *pgfacts.Facts) check.Result

// probed judges every probe. What several of them found alike is said once.
func probed(judge databaseJudge) func(*check.Case) check.Result {
	return probedFrom(func(f *check.Case, _ facts.Position, p *pgfacts.Facts) check.Result { return judge(f, p) })
}

// probedFrom is probed, for what says from where it was seen.
func probedFrom(judge func(*check.Case, facts.Position, *pgfacts.Facts) check.Result) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var all check.Result
		seen := map[check.Finding][]string{}
		for _, p := range f.Postgres {
			one := judge(f, p.Position, p.Facts)
			for _, found := range one.Findings {
				if _, again := seen[found]; !again {
					all.Findings = append(all.Findings, found)
				}
				seen[found] = append(seen[found], string(p.Position))
			}
			// What is not proved outweighs what does not apply.
			if one.Skip != nil && (all.Skip == nil || all.Skip.Proof == "") {
				all.Skip = one.Skip
			}
			all.Note = cmp.Or(all.Note, one.Note)
		}
		for i, found := range all.Findings {
			// What all positions see is about none of them.
			if from := seen[found]; len(from) < len(f.Postgres) || len(from) == 1 {
				all.Findings[i].Subject.Replica = strings.Join(from, ", ")
			}
		}
		return all
	}
}

// slowest judges one position of several: the one that is farthest from the database.
func slowest(judge databaseJudge) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		var far *facts.Postgres
		rest := *f.Facts
		rest.Postgres = nil
		for i, p := range f.Postgres {
			switch {
			case p.Position == facts.ThisMachine || p.Latency == nil:
				rest.Postgres = append(rest.Postgres, p)
			case far == nil || p.Latency.Median > far.Latency.Median:
				far = &f.Postgres[i]
			}
		}
		if far != nil {
			rest.Postgres = append(rest.Postgres, *far)
		}
		result := probed(judge)(&check.Case{Facts: &rest, Settings: f.Settings})
		if far != nil && result.Note != "" {
			result.Note += ", from " + far.Position.String()
		}
		return result
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
