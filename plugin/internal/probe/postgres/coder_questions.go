package postgres

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// tablesQuestion finds which of Coder's tables exist on the search_path, so
// that no later question fails over a missing one and fills the server's log.
func (p *probe) tablesQuestion() question {
	return question{
		name: pgfacts.AskTables,
		sql: "SELECT c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'), c.relpersistence = 'u', " +
			"has_table_privilege(c.oid, 'SELECT') FROM pg_class c WHERE c.relkind = 'r' AND pg_table_is_visible(c.oid) " +
			"AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) ORDER BY c.relname",
		shape: rowsUpTo(mostTables, text, text, boolean, boolean, boolean),
		into: func(rows []row) {
			unlogged := []string{}
			for _, r := range rows {
				name := r.text(0)
				p.tables[name] = r.bool(4)
				if name == "schema_migrations" {
					owns := r.bool(2)
					p.facts.Role.OwnsTables, p.facts.Role.TableOwner = &owns, r.text(1)
				}
				if r.bool(3) {
					unlogged = append(unlogged, name)
				}
			}
			p.facts.Coder = &pgfacts.Coder{}
			_, p.facts.Coder.V1 = p.tables["migration_cursor"]
			if _, coder := p.tables["schema_migrations"]; coder {
				p.facts.Coder.Unlogged = unlogged
			}
		},
	}
}

// mostTables bounds how many tables a search_path may show.
const mostTables = 20_000

// coderQuestions are about a Coder that uses the database already.
func (p *probe) coderQuestions() []question {
	questions := []question{}
	for _, q := range []struct {
		table string
		question
	}{
		{"schema_migrations", question{
			name: pgfacts.AskSchemaVersion, sql: "SELECT version, dirty FROM schema_migrations LIMIT 1",
			shape: rowsUpTo(1, integer, boolean),
			into: func(rows []row) {
				if len(rows) > 0 {
					p.facts.Coder.Migration = &pgfacts.Migration{Version: rows[0].number(0), Dirty: rows[0].bool(1)}
				}
			},
		}},
		{"replicas", question{
			name: pgfacts.AskReplicas,
			sql: "SELECT row_to_json(r), (extract(epoch FROM now() - r.updated_at) * 1000)::bigint " +
				"FROM (SELECT * FROM replicas ORDER BY updated_at DESC LIMIT 200) AS r",
			shape: rowsUpTo(200, text, orNull(integer)),
			into:  p.readReplicas,
		}},
		{"site_configs", question{
			name: pgfacts.AskDeploymentID, sql: "SELECT value FROM site_configs WHERE key = 'deployment_id'",
			shape: rowsUpTo(1, orNull(text)),
			into: func(rows []row) {
				if len(rows) > 0 {
					p.facts.Coder.DeploymentID = rows[0].text(0)
				}
			},
		}},
		{"dbcrypt_keys", question{
			name: pgfacts.AskKeys, sql: "SELECT count(*) FROM dbcrypt_keys WHERE active_key_digest IS NOT NULL",
			shape: oneRow(number),
			into:  func(rows []row) { p.facts.Coder.EncryptionKeys = rows[0].number(0) },
		}},
	} {
		readable, exists := p.tables[q.table]
		switch {
		case readable:
			questions = append(questions, q.question)
		case exists:
			p.gap(pgfacts.Gap{Question: q.name, Message: "the role may not read the table " + q.table, SQLState: "42501"})
		}
	}
	return questions
}

// replicaRow is a row of replicas as row_to_json gives it; cluster_host and
// nats_port exist from Coder 2.35 on.
type replicaRow struct {
	ID              string     `json:"id"`
	Hostname        string     `json:"hostname"`
	RegionID        int        `json:"region_id"`
	RelayAddress    string     `json:"relay_address"`
	ClusterHost     string     `json:"cluster_host"`
	NATSPort        int        `json:"nats_port"`
	Version         string     `json:"version"`
	Error           string     `json:"error"`
	DatabaseLatency int        `json:"database_latency"`
	Primary         bool       `json:"primary"`
	StartedAt       time.Time  `json:"started_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	StoppedAt       *time.Time `json:"stopped_at"`
}

// mostLatency bounds what a row says of its replica, in microseconds: an hour.
const mostLatency = int(time.Hour / time.Microsecond)

func (p *probe) readReplicas(rows []row) {
	p.facts.Coder.ReplicasRead = true
	for _, r := range rows {
		var read replicaRow
		if err := json.Unmarshal(r[0], &read); err != nil {
			p.gap(pgfacts.Gap{Question: pgfacts.AskReplicas, Message: "a row does not read as one of Coder's: " + short(err.Error())})
			p.facts.Coder.ReplicasRead = false
			return
		}
		p.facts.Coder.Replicas = append(p.facts.Coder.Replicas, pgfacts.ReplicaRow{
			ID: short(read.ID), Hostname: short(read.Hostname), RegionID: read.RegionID, RelayAddress: withoutUser(short(read.RelayAddress)),
			ClusterHost: short(read.ClusterHost), NATSPort: read.NATSPort, Version: short(read.Version), Error: short(read.Error),
			DatabaseLatency: time.Duration(min(max(read.DatabaseLatency, 0), mostLatency)) * time.Microsecond, Primary: read.Primary,
			StartedAt: read.StartedAt, UpdatedAt: read.UpdatedAt, Stopped: read.StoppedAt != nil, Age: milliseconds(r.number(1)),
		})
	}
}

// withoutUser drops the user info of a URL, which may hold a password.
func withoutUser(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw
	}
	u.User = nil
	return u.String()
}
