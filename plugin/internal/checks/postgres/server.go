package postgres

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func serverChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-version", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "the database is a supported version of Postgres",
			Why:     "coderd does not start on a version before 13, and a version out of support gets no security fixes.",
			Example: "PostgreSQL 12",
			Remedy:  "Upgrade Postgres; Coder's own examples use version 17.",
			Judge:   probed(asked(judgeVersion)),
		},
		{
			ID: "postgres-read-only", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "the endpoint leads to a writable primary",
			Why:     "coderd writes when it starts, and LISTEN does not work on a standby.",
			Example: "the URL leads to a streaming standby",
			Remedy:  "Use the endpoint that leads to the primary.",
			Judge:   probed(answered(judgeReadOnly, pgfacts.AskState)),
		},
		{
			ID: "postgres-schema", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "the role can create and change tables in its schema",
			Why:     "The migrations of each upgrade create, alter and drop tables, types, functions and triggers.",
			Example: "a role without CREATE on the schema public, the default since PostgreSQL 15",
			Remedy:  "Make the role the owner of the schema:\nALTER SCHEMA public OWNER TO coder;",
			Judge:   probed(answered(judgeSchema, pgfacts.AskRights)),
		},
	}
}

// minimumVersion is the oldest that coderd accepts (ConnectToPostgres in its
// cli/server.go).
const minimumVersion = 130000

// endOfLife is when the community ends the support of a major version
// (https://www.postgresql.org/support/versioning/).
var endOfLife = map[int]time.Time{
	13: time.Date(2025, time.November, 13, 0, 0, 0, 0, time.UTC),
	14: time.Date(2026, time.November, 12, 0, 0, 0, 0, time.UTC),
	15: time.Date(2027, time.November, 11, 0, 0, 0, 0, time.UTC),
	16: time.Date(2028, time.November, 9, 0, 0, 0, 0, time.UTC),
	17: time.Date(2029, time.November, 8, 0, 0, 0, 0, time.UTC),
	18: time.Date(2030, time.November, 14, 0, 0, 0, 0, time.UTC),
}

func judgeVersion(f *check.Case, p *pgfacts.Facts) check.Result {
	s := p.Server
	end, known := endOfLife[s.Major()]
	switch {
	case !s.Flavor.Supported():
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("%s is not Postgres: it lacks what coderd's schema and pubsub need", s.Flavor), Subject: server(p),
			Observed: string(s.Flavor) + " " + s.Banner, Expected: "PostgreSQL 13 or later",
			Remedy: "Use PostgreSQL, or a service that runs the real server.",
		})
	case s.VersionNum < minimumVersion:
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("Postgres %s is too old: coderd refuses to start on it", s.Version), Subject: server(p),
			Observed: fmt.Sprintf("server_version_num %d", s.VersionNum), Expected: "130000 or more",
		})
	case known && !f.Now.Before(end):
		return check.Fail(check.Finding{
			Severity: check.Warning, Message: fmt.Sprintf("Postgres %d is out of community support since %s", s.Major(), end.Format(time.DateOnly)), Subject: server(p),
			Observed: s.Version, Expected: "a major version in support",
			Remedy: "Plan the upgrade to a newer major version; some providers sell longer support for the old one.",
		})
	}
	note := s.Version
	if s.Flavor != pgfacts.Plain {
		note += ", " + string(s.Flavor)
	}
	return check.PassNote(note)
}

func judgeReadOnly(_ *check.Case, p *pgfacts.Facts) check.Result {
	switch {
	case p.Server.InRecovery:
		return check.Fail(check.Finding{
			Message: "the server is a standby: it accepts neither writes nor LISTEN", Subject: server(p),
			Observed: "pg_is_in_recovery() is true", Expected: "the primary", Remedy: primaryRemedy(p.Server.Flavor),
		})
	case p.Server.DefaultReadOnly:
		return check.Fail(check.Finding{
			Message: "sessions of this role are read-only", Subject: server(p),
			Observed: "default_transaction_read_only is on", Expected: "off",
			Remedy: fmt.Sprintf("Turn it off where it is set: ALTER ROLE %s RESET default_transaction_read_only; or ALTER DATABASE %s RESET default_transaction_read_only;", p.Role.Name, p.Target.Database),
		})
	}
	return check.Pass()
}

// primaryRemedy says which endpoint of a flavor leads to the primary.
func primaryRemedy(flavor pgfacts.Flavor) string {
	switch flavor {
	case pgfacts.Aurora:
		return "Use the cluster endpoint (NAME.cluster-ID.REGION.rds.amazonaws.com), not the reader endpoint (cluster-ro-) and not an instance's."
	case pgfacts.RDS:
		return "Use the endpoint of the primary instance, not of a read replica."
	case pgfacts.CloudNative:
		return "Use the Service that ends in -rw, not -ro or -r."
	case pgfacts.Patroni:
		return "Use the Service or HAProxy port that follows the leader, not the replicas' one."
	case pgfacts.CloudSQL, pgfacts.AlloyDB:
		return "Use the address of the primary instance, not of a read replica or read pool."
	case pgfacts.Azure:
		return "Use the server's own or its writer virtual endpoint, not a read replica's."
	default:
		return "Use the endpoint that leads to the primary, also after a failover."
	}
}

func judgeSchema(_ *check.Case, p *pgfacts.Facts) check.Result {
	r := p.Role
	switch {
	case r == nil:
		return unanswered(p, pgfacts.AskRights, "the rights of the role")
	case r.Schema == nil:
		return check.Fail(check.Finding{
			Message: "no schema of the search_path exists, or the role may not use it: coderd has nowhere to put its tables", Subject: server(p),
			Observed: "current_schema() is null, search_path is " + r.SearchPath, Expected: "a schema that the role may create in",
			Remedy: fmt.Sprintf("Create it: CREATE SCHEMA coder AUTHORIZATION %[1]s; ALTER ROLE %[1]s SET search_path = coder;", r.Name),
		})
	case !r.CanCreate || !r.CanUse:
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("the role %s may not create tables in the schema %s", r.Name, *r.Schema), Subject: server(p),
			Observed: fmt.Sprintf("USAGE %t, CREATE %t", r.CanUse, r.CanCreate), Expected: "both",
			Remedy: fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s; or make it the owner: ALTER DATABASE %s OWNER TO %s;", *r.Schema, r.Name, p.Target.Database, r.Name),
		})
	case r.OwnsTables != nil && !*r.OwnsTables:
		return check.Fail(check.Finding{
			Message: fmt.Sprintf("Coder's tables belong to %s, so migrations of the role %s cannot change them", r.TableOwner, r.Name), Subject: server(p),
			Observed: "schema_migrations is owned by " + r.TableOwner, Expected: "owned by " + r.Name + ", or by a role that it is a member of",
			Remedy: fmt.Sprintf("Connect as %s, or run: REASSIGN OWNED BY %s TO %s;", r.TableOwner, r.TableOwner, r.Name),
		})
	}
	return check.PassNote(fmt.Sprintf("role %s, schema %s", r.Name, *r.Schema))
}
