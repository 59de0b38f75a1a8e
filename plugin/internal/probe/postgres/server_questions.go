package postgres

import (
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// serverQuestions are about the server, the role and what others do; they need
// no table of Coder's.
func (p *probe) serverQuestions() []question {
	p.facts.Role = &pgfacts.Role{Name: p.user()}
	return []question{
		p.versionQuestion(), p.stateQuestion(), p.identityQuestion(), p.roleQuestion(), p.advisoryLockQuestion(),
		p.connectionsQuestion(), p.limitsQuestion(), p.timeoutsQuestion(), p.settingSourcesQuestion(),
		p.migrationLockQuestion(), p.idleQuestion(), p.flavorQuestion(), p.tablesQuestion(),
	}
}

func (p *probe) versionQuestion() question {
	return question{
		name:  pgfacts.AskVersion,
		sql:   "SELECT current_setting('server_version_num'), current_setting('server_version'), version()",
		shape: oneRow(number, text, text),
		into: func(rows []row) {
			s := p.facts.Server
			s.VersionNum, s.Version, s.Banner = rows[0].number(0), rows[0].text(1), rows[0].text(2)
			s.Version, _, _ = strings.Cut(s.Version, " ")
		},
	}
}

// stateQuestion asks for the reset value of default_transaction_read_only: that
// of a new session, which the guard does not change.
func (p *probe) stateQuestion() question {
	return question{
		name: pgfacts.AskState,
		sql: "SELECT pg_is_in_recovery(), pg_backend_pid(), " +
			"(SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only')",
		shape: oneRow(boolean, number, orNull(boolean)),
		into: func(rows []row) {
			p.facts.Server.InRecovery, p.facts.Server.DefaultReadOnly = rows[0].bool(0), rows[0].bool(2)
			if told := p.toldPID; told != 0 && int(told) != rows[0].number(1) {
				p.facts.Proxy.Present = true
			}
		},
	}
}

func (p *probe) identityQuestion() question {
	return question{
		name:  pgfacts.AskIdentity,
		sql:   "SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT oid FROM pg_database WHERE datname = current_database())",
		shape: oneRow(orNull(text), orNull(text)),
		into: func(rows []row) {
			p.facts.Server.SystemIdentifier, p.facts.Server.DatabaseOID = rows[0].text(0), rows[0].text(1)
		},
	}
}

func (p *probe) roleQuestion() question {
	return question{
		name: pgfacts.AskRights,
		sql: "SELECT current_user, rolsuper, current_schema(), current_setting('search_path'), " +
			"coalesce(has_schema_privilege(current_schema(), 'USAGE'), false), " +
			"coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) FROM pg_roles WHERE rolname = current_user",
		shape: oneRow(text, boolean, orNull(text), text, boolean, boolean),
		into: func(rows []row) {
			r := p.facts.Role
			r.Name, r.Superuser, r.SearchPath = rows[0].text(0), rows[0].bool(1), rows[0].text(3)
			if !rows[0].null(2) {
				schema := rows[0].text(2)
				r.Schema = &schema
			}
			r.CanUse, r.CanCreate = rows[0].bool(4), rows[0].bool(5)
		},
	}
}

// advisoryLockQuestion takes a lock of a random key in a transaction, which
// gives it back as it ends.
func (p *probe) advisoryLockQuestion() question {
	return question{
		name:  pgfacts.AskAdvisoryLocks,
		sql:   "SELECT pg_try_advisory_xact_lock((random() * -9000000000000000000)::bigint)",
		shape: oneRow(boolean),
		into: func(rows []row) {
			taken := rows[0].bool(0)
			p.facts.Role.AdvisoryLocks = &taken
		},
	}
}

// timeoutNames are the settings that end a session or a statement of coderd's.
// transaction_timeout exists from version 17 on, idle_session_timeout from 14.
const timeoutNames = "'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'lock_timeout', 'idle_session_timeout'"

func (p *probe) timeoutsQuestion() question {
	return question{
		name:  pgfacts.AskTimeouts,
		sql:   "SELECT name, reset_val FROM pg_settings WHERE name IN (" + timeoutNames + ") AND reset_val <> '0' ORDER BY name",
		shape: rowsUpTo(10, text, number),
		into: func(rows []row) {
			for _, r := range rows {
				t := pgfacts.Timeout{Name: r.text(0), Value: milliseconds(r.number(1)), Source: "server"}
				if p.URL.Param(t.Name) != "" {
					t.Source = "URL"
				}
				p.facts.Timeouts = append(p.facts.Timeouts, t)
			}
		},
	}
}

// settingSourcesQuestion finds where a timeout is set; of several places the
// most specific one wins, and it comes last.
func (p *probe) settingSourcesQuestion() question {
	return question{
		name: pgfacts.AskSources,
		sql: "SELECT CASE WHEN setrole = 0 THEN 'database' WHEN setdatabase = 0 THEN 'role' ELSE 'role in database' END, c " +
			"FROM pg_db_role_setting, unnest(setconfig) AS c " +
			"WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user)) " +
			"AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) " +
			"ORDER BY setrole <> 0, setdatabase <> 0",
		shape: rowsUpTo(1000, text, text),
		into: func(rows []row) {
			for _, r := range rows {
				name, _, _ := strings.Cut(r.text(1), "=")
				for i, t := range p.facts.Timeouts {
					if t.Name == name && t.Source != "URL" {
						p.facts.Timeouts[i].Source = r.text(0)
					}
				}
			}
		},
	}
}

// The migration lock of golang-migrate as coderd takes it, advisory lock
// 1037453835920848937, as pg_locks shows it (pg_try_advisory_xact_lock in
// coderd/database/migrations/migrate.go).
const migrationLock = "l.locktype = 'advisory' AND l.classid = 241551044 AND l.objid = 1626191913 AND l.objsubid = 1"

func (p *probe) migrationLockQuestion() question {
	return question{
		name: pgfacts.AskMigrationLock,
		sql: "SELECT l.pid, a.usename, a.application_name, a.client_addr, l.granted, " +
			"extract(epoch FROM clock_timestamp() - a.xact_start) * 1000 " +
			"FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE " + migrationLock +
			" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY l.granted DESC, a.xact_start LIMIT 20",
		shape: rowsUpTo(20, holder...),
		into:  func(rows []row) { p.activity().MigrationLocks = holders(rows) },
	}
}

func (p *probe) idleQuestion() question {
	return question{
		name: pgfacts.AskIdle,
		sql: "SELECT pid, usename, application_name, client_addr, true, extract(epoch FROM clock_timestamp() - xact_start) * 1000 " +
			"FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() " +
			"AND state LIKE 'idle in transaction%' ORDER BY xact_start LIMIT 5",
		shape: rowsUpTo(5, holder...),
		into:  func(rows []row) { p.activity().IdleInTransaction = holders(rows) },
	}
}

func (p *probe) activity() *pgfacts.Activity {
	if p.facts.Activity == nil {
		p.facts.Activity = &pgfacts.Activity{}
	}
	return p.facts.Activity
}

// holder is the shape of a row that holders reads.
var holder = []column{orNull(number), orNull(text), orNull(text), orNull(text), boolean, orNull(decimal)}

func holders(rows []row) []pgfacts.Holder {
	out := make([]pgfacts.Holder, 0, len(rows))
	for _, r := range rows {
		h := pgfacts.Holder{PID: r.number(0), User: r.text(1), Application: r.text(2), Client: r.text(3), Granted: r.bool(4)}
		if !r.null(5) {
			whole, _, _ := strings.Cut(r.text(5), ".")
			age := milliseconds(row{[]byte(whole)}.number(0))
			h.Age = &age
		}
		out = append(out, h)
	}
	return out
}
