package postgres

import (
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// milliseconds is a time that a server tells, and at most a century of it.
func milliseconds(n int) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	most := int(century / time.Millisecond)
	return time.Duration(min(max(n, -most), most)) * time.Millisecond
}

// connectionsQuestion counts who is connected. A role without special rights
// sees the database and the role of every session and little more, so sessions
// are told from the server's own processes by having both.
func (p *probe) connectionsQuestion() question {
	return question{
		name: pgfacts.AskConnections,
		sql: "SELECT current_setting('max_connections'), current_setting('superuser_reserved_connections'), " +
			"coalesce(current_setting('reserved_connections', true), '0'), " +
			"count(*) FILTER (WHERE NOT (own_role AND own_db)), " +
			"count(*) FILTER (WHERE own_role AND NOT own_db), " +
			"count(*) FILTER (WHERE own_db AND NOT own_role), " +
			"count(*) FILTER (WHERE own_db AND own_role AND NOT mine) " +
			"FROM (SELECT datname = current_database() AS own_db, usename = session_user AS own_role, " +
			"coalesce(application_name = '" + ApplicationName + "', false) AS mine " +
			"FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL " +
			"AND coalesce(backend_type, 'client backend') = 'client backend') AS s",
		shape: oneRow(number, number, number, number, number, number, number),
		into: func(rows []row) {
			c, r := p.capacity(), rows[0]
			c.MaxConnections, c.Reserved = r.number(0), r.number(1)+r.number(2)
			c.Others, c.RoleOthers, c.DatabaseOthers, c.Own = r.number(3), r.number(4), r.number(5), r.number(6)
		},
	}
}

// limitsQuestion asks for the limits of the role and the database. Those of a
// superuser do not bind.
func (p *probe) limitsQuestion() question {
	return question{
		name: pgfacts.AskLimits,
		sql: "SELECT CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END, CASE WHEN rolsuper THEN -1 ELSE datconnlimit END " +
			"FROM pg_roles, pg_database WHERE rolname = session_user AND datname = current_database()",
		shape: oneRow(number, number),
		into: func(rows []row) {
			c := p.capacity()
			c.RoleLimit, c.DatabaseLimit = rows[0].number(0), rows[0].number(1)
		},
	}
}

func (p *probe) capacity() *pgfacts.Capacity {
	if p.facts.Capacity == nil {
		p.facts.Capacity = &pgfacts.Capacity{RoleLimit: -1, DatabaseLimit: -1}
	}
	return p.facts.Capacity
}
