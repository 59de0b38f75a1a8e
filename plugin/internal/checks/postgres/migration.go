package postgres

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func migrationChecks() []check.Check {
	return []check.Check{
		{
			ID: "migration-dirty", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "the last migration finished",
			Why:     "coderd does not start if the last migration failed partway.",
			Example: "an upgrade was killed while a migration ran",
			Remedy:  "Restore the snapshot from before the upgrade, or contact Coder support. Do not clear the flag by hand.",
			Judge:   probed(answered(migrated(judgeDirty))),
		},
		{
			ID: "migration-downgrade", Area: area, Severity: check.Error, Needs: judgment.Database, Uses: judgment.Replicas,
			Title:   "the schema is not newer than this version of Coder",
			Why:     "Coder cannot be downgraded: an older coderd exits on a newer schema.",
			Example: "Coder 2.36 migrated the database, and the image is 2.34",
			Remedy:  "Install the version that migrated the database, or a later one. Or restore the snapshot from before the upgrade.",
			Judge:   probed(answered(migrated(judgeDowngrade))),
		},
		{
			ID: "migration-pending-rolling", Area: area, Severity: check.Warning, Needs: judgment.Database, Uses: judgment.Replicas,
			Title:   "no migration is pending while several replicas run",
			Why:     "A migration waits for locks that running replicas hold, and all other queries wait behind it.",
			Example: "three replicas of 2.34 run, and the image is 2.36",
			Remedy:  "Take a snapshot, stop the old replicas, then upgrade. With this project's chart:\nhelm upgrade coder ./charts/coder -n coder --reset-then-reuse-values --set coder.replicaCount=0 --wait",
			Judge:   probed(answered(migrated(judgePending))),
		},
		{
			ID: "migration-lock-held", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "nothing blocks a migration",
			Why:     "A starting replica waits two minutes for the migration lock and then exits, and an idle transaction can block a migration indefinitely.",
			Example: "a session has held the migration lock for 20 minutes",
			Remedy:  "Find the session that holds it, and end that session if it is stuck:\nSELECT pg_terminate_backend(PID);",
			Judge:   probed(answered(judgeLocks, pgfacts.AskMigrationLock, pgfacts.AskIdle)),
		},
	}
}

// migrated judges a database that a Coder v2 has used.
func migrated(judge func(*check.Case, *pgfacts.Facts, pgfacts.Migration) check.Result) func(*check.Case, *pgfacts.Facts) check.Result {
	return func(f *check.Case, p *pgfacts.Facts) check.Result {
		switch {
		case p.Coder == nil:
			return unanswered(p, pgfacts.AskTables, "which tables there are")
		case p.Coder.Migration == nil:
			if _, missing := gapOf(p, pgfacts.AskSchemaVersion); missing {
				return unanswered(p, pgfacts.AskSchemaVersion, "the schema's version")
			}
			return check.NotApplicable("Coder has not used this database yet")
		}
		return judge(f, p, *p.Coder.Migration)
	}
}

func judgeDirty(_ *check.Case, p *pgfacts.Facts, m pgfacts.Migration) check.Result {
	if !m.Dirty {
		return check.PassNote(fmt.Sprintf("schema version %d", m.Version))
	}
	return check.Fail(check.Finding{
		Message: fmt.Sprintf("migration %d failed partway: the schema is dirty", m.Version), Subject: server(p),
		Observed: fmt.Sprintf("schema_migrations: version %d, dirty", m.Version), Expected: "not dirty",
	})
}

// planned is the version of Coder that is to be installed.
func planned(f *check.Case) coder.Version {
	if f.Deployment != nil {
		return f.Deployment.Version
	}
	return f.Plan.Version
}

// versionUnknown is the result where the image's version decides.
func versionUnknown(f *check.Case, v coder.Version) check.Result {
	if !v.Known() {
		proof := "use an image tag that is a version"
		if f.Deployment == nil {
			proof = "set --coder-version"
		}
		return check.Unproven("the version of Coder to be installed is not known", proof)
	}
	return check.Unproven("the last migration of Coder "+v.String()+" is not known here", "compare with the release notes of Coder "+v.String())
}

func judgeDowngrade(f *check.Case, p *pgfacts.Facts, m pgfacts.Migration) check.Result {
	v := planned(f)
	known, ok := coder.MigrationsOf(v)
	switch {
	case !ok && newerThanKnown(v, m):
		return check.PassNote(fmt.Sprintf("schema version %d is older than Coder %s", m.Version, v))
	case !ok:
		return versionUnknown(f, v)
	case m.Version <= known.Last:
		return check.PassNote(fmt.Sprintf("schema version %d, Coder %s has %d", m.Version, v, known.Last))
	case known.AtMost == 0 || m.Version <= known.AtMost:
		return check.Unproven(fmt.Sprintf("a later patch release of Coder %s may have migration %d; the last one known here is %d", v, m.Version, known.Last),
			"compare with the release notes of Coder "+v.String())
	}
	return check.Fail(check.Finding{
		Message: fmt.Sprintf("the schema is at version %d, newer than that of Coder %s, %d: coderd will exit", m.Version, v, known.Last), Subject: server(p),
		Observed: fmt.Sprintf("schema version %d", m.Version), Expected: fmt.Sprintf("at most %d", known.Last),
	})
}

// newerThanKnown says whether a version is newer than any whose migrations are
// known, while the schema is not.
func newerThanKnown(v coder.Version, m pgfacts.Migration) bool {
	newest, has := coder.NewestKnownMigrations()
	return v.Known() && v.Major == newest.Major && v.Minor > newest.Minor && m.Version <= has.Last
}

func judgePending(f *check.Case, p *pgfacts.Facts, m pgfacts.Migration) check.Result {
	live, skip := liveReplicas(p)
	if skip != nil {
		return *skip
	}
	if len(live) < 2 {
		return check.NotApplicable(human.Count(len(live), "live replica") + ": no rolling upgrade")
	}
	v := planned(f)
	known, ok := coder.MigrationsOf(v)
	atLeast := ""
	if _, newest := coder.NewestKnownMigrations(); !ok && newerThanKnown(v, m) && m.Version < newest.Last {
		known, ok, atLeast = newest, true, "at least "
	}
	pending := known.First - m.Version
	switch {
	case !ok:
		return versionUnknown(f, v)
	case pending <= 0:
		return check.PassNote(fmt.Sprintf("schema version %d is that of Coder %s", m.Version, v))
	}
	finding := check.Finding{
		Message: fmt.Sprintf("%s%d migrations are pending while %s run: an upgrade now may stop them all", atLeast, pending, human.Count(len(live), "replica")), Subject: server(p),
		Observed: fmt.Sprintf("schema version %d, Coder %s has %s%d", m.Version, v, atLeast, known.First), Expected: "at most one replica during the upgrade",
	}
	if pending > f.Limits.Postgres.PendingMigrations {
		finding.Severity = check.Error
	}
	return check.Fail(finding)
}

func judgeLocks(f *check.Case, p *pgfacts.Facts) check.Result {
	if p.Activity == nil {
		return unanswered(p, pgfacts.AskMigrationLock, "who holds locks")
	}
	limits := f.Limits.Postgres
	var findings []check.Finding
	hidden := 0
	for _, h := range p.Activity.MigrationLocks {
		what := "has been waiting for"
		if h.Granted {
			what = "has held"
		}
		switch {
		case h.Age == nil:
			hidden++
		case *h.Age > limits.MigrationLock:
			findings = append(findings, holderFinding(p, h, *h.Age, what+" Coder's migration lock", limits.MigrationLock))
		}
	}
	for _, h := range p.Activity.IdleInTransaction {
		if h.Age != nil && *h.Age > limits.IdleTransaction {
			findings = append(findings, holderFinding(p, h, *h.Age, "has been idle in a transaction", limits.IdleTransaction))
		}
	}
	switch {
	case len(findings) > 0:
		return check.Fail(findings...)
	case hidden > 0:
		return check.Unproven("somebody holds or awaits the migration lock, and the role may not see since when", "GRANT pg_read_all_stats TO "+p.Target.User)
	case len(p.Activity.MigrationLocks) > 0:
		return check.PassNote("a migration runs now")
	}
	return check.Pass()
}

func holderFinding(p *pgfacts.Facts, h pgfacts.Holder, age time.Duration, what string, limit time.Duration) check.Finding {
	parts := []string{fmt.Sprintf("process %d", h.PID), h.User, h.Application, h.Client}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return check.Finding{
		Message: fmt.Sprintf("a session %s for %s", what, human.Duration(age)), Subject: server(p),
		Observed: strings.Join(parts, ", "), Expected: "less than " + setting(limit),
		Remedy: fmt.Sprintf("If it is stuck, end it: SELECT pg_terminate_backend(%d);", h.PID),
	}
}
