package postgres

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func behaviorChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-pooler", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "LISTEN and NOTIFY work between two connections",
			Why:     "Replicas find each other with LISTEN and NOTIFY. With transaction pooling a LISTEN is lost without an error, and coderd exits after five minutes of silence.",
			Example: "PgBouncer with pool_mode = transaction in front of the database",
			Remedy:  "Connect Coder directly to Postgres, or through a pooler in session mode.",
			Judge:   probed(answered(judgePooler, pgfacts.AskListening)),
		},
		{
			ID: "postgres-timeouts", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "no server timeout is shorter than a migration may take",
			Why:     "coderd runs all pending migrations of an upgrade in one transaction, which can take many minutes.",
			Example: "ALTER ROLE coder SET statement_timeout = 30000 was run",
			Remedy:  "Remove the timeout from Coder's role.",
			Judge:   probed(answered(judgeTimeouts, pgfacts.AskTimeouts)),
		},
	}
}

func judgePooler(_ *check.Case, p *pgfacts.Facts) check.Result {
	s := p.PubSub
	switch {
	case p.Server.InRecovery:
		return check.Result{Skip: &check.Skip{Reason: "the server is a standby, see postgres-read-only", See: "postgres-read-only"}}
	case s == nil || !s.Tried:
		return check.Unproven("LISTEN and NOTIFY were not tried: the probe ended early", "run the probe again")
	case s.ListenError != "":
		return check.Fail(poolerFinding(p, "LISTEN is refused: "+s.ListenError, "LISTEN: "+s.ListenError))
	case !s.Listening:
		return check.Fail(poolerFinding(p, "LISTEN is forgotten after its transaction: "+poolerName(p)+" pools transactions", "pg_listening_channels() is empty in the next transaction"))
	case s.Shared:
		return check.Fail(poolerFinding(p, "connections share processes of the server: "+poolerName(p)+" pools transactions", "one process served both connections, or several served one"))
	case s.NotifyError != "":
		return check.Unproven("there was no second connection to send a NOTIFY from: "+s.NotifyError, "free a connection and run the probe again")
	case !s.Arrived:
		return check.Fail(poolerFinding(p, "a NOTIFY of one connection does not reach the other one: "+poolerName(p)+" pools transactions", "no notification within a second"))
	case p.Role != nil && p.Role.AdvisoryLocks == nil:
		return locksUnknown(p)
	}
	note := "NOTIFY arrived after " + human.Duration(s.Took)
	if p.Proxy.Present {
		note += ", through " + poolerName(p)
	}
	return check.PassNote(note)
}

// locksUnknown tells a server that has no advisory locks from one that was not
// asked.
func locksUnknown(p *pgfacts.Facts) check.Result {
	if g, missing := gapOf(p, pgfacts.AskAdvisoryLocks); missing {
		return check.Fail(poolerFinding(p, "advisory locks do not work: "+g.Message, said(g.Message, g.SQLState)))
	}
	return unanswered(p, pgfacts.AskAdvisoryLocks, "whether advisory locks work")
}

func poolerFinding(p *pgfacts.Facts, message, observed string) check.Finding {
	remedy := "Connect Coder directly to Postgres. A pooler must be in session mode, where it saves Coder no connections."
	if p.Proxy.Hint != "" {
		observed += "; " + p.Proxy.Name + " shows in " + p.Proxy.Hint
	}
	return check.Finding{Message: message, Subject: server(p), Observed: observed, Expected: "what one connection sends arrives on the other", Remedy: remedy}
}

func poolerName(p *pgfacts.Facts) string {
	if p.Proxy.Name != "" {
		return p.Proxy.Name
	}
	return "a pooler in front of the database"
}

// longMigration is how long a migration may take without anything being wrong:
// Coder's upgrade guide speaks of up to 15 minutes.
const longMigration = 15 * time.Minute

// migrationTimeouts are the settings that end a migration. lock_timeout ends
// one that waits for the replicas of the old version, idle_session_timeout the
// listener of every replica, which is idle by nature.
var migrationTimeouts = map[string]string{
	"statement_timeout":                   "it ends a long statement of a migration",
	"idle_in_transaction_session_timeout": "it ends a migration's transaction between two statements",
	"transaction_timeout":                 "it ends a migration's transaction",
	"lock_timeout":                        "it ends a migration that waits for another replica",
	"idle_session_timeout":                "it ends the idle connections of coderd, its listener first",
}

func judgeTimeouts(_ *check.Case, p *pgfacts.Facts) check.Result {
	var findings []check.Finding
	for _, t := range p.Timeouts {
		why, harmful := migrationTimeouts[t.Name]
		if !harmful || t.Value >= longMigration {
			continue
		}
		findings = append(findings, check.Finding{
			Message: fmt.Sprintf("%s is %s: %s", t.Name, setting(t.Value), why), Subject: server(p),
			Observed: fmt.Sprintf("%s = %s, set for the %s", t.Name, setting(t.Value), t.Source), Expected: "none, or at least " + setting(longMigration),
			Remedy: timeoutRemedy(p, t),
		})
	}
	if len(findings) > 0 {
		return check.Fail(findings...)
	}
	return check.Pass()
}

// setting is a duration as Postgres writes it: 30s, 5min, 200ms.
func setting(d time.Duration) string {
	switch {
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dmin", d/time.Minute)
	case d >= time.Second && d%time.Second == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	default:
		return fmt.Sprintf("%dms", d/time.Millisecond)
	}
}

func timeoutRemedy(p *pgfacts.Facts, t pgfacts.Timeout) string {
	role, database := p.Target.User, p.Target.Database
	if p.Role != nil {
		role = p.Role.Name
	}
	switch t.Source {
	case "URL":
		return "Remove " + t.Name + " from the URL."
	case "role in database":
		return fmt.Sprintf("ALTER ROLE %s IN DATABASE %s SET %s = 0;", role, database, t.Name)
	default:
		return fmt.Sprintf("ALTER ROLE %s SET %s = 0;", role, t.Name)
	}
}

// liveReplicas are the rows that coderd counts as running; skip says why they
// are not known.
func liveReplicas(p *pgfacts.Facts) (live []pgfacts.ReplicaRow, skip *check.Result) {
	if p.Coder == nil {
		result := unanswered(p, pgfacts.AskTables, "which tables there are")
		return nil, &result
	}
	if !p.Coder.ReplicasRead {
		if _, missing := gapOf(p, pgfacts.AskReplicas); missing {
			result := unanswered(p, pgfacts.AskReplicas, "which replicas run")
			return nil, &result
		}
		result := check.NotApplicable("Coder has not used this database yet")
		return nil, &result
	}
	return p.Coder.Live(), nil
}
