package postgres

import (
	"net"
	"strconv"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// flavorQuestion asks for what only one flavor has: settings, roles and
// functions.
func (p *probe) flavorQuestion() question {
	return question{
		name: pgfacts.AskFlavor,
		sql: "SELECT 'setting', s FROM unnest(ARRAY['rds.extensions', 'cloudsql.iam_authentication', 'alloydb.iam_authentication', " +
			"'azure.extensions', 'cnpg.config_sha256', 'neon.tenant_id', 'supautils.superuser']) AS s WHERE current_setting(s, true) IS NOT NULL " +
			"UNION ALL SELECT 'role', rolname FROM pg_roles WHERE rolname IN ('rds_superuser', 'cloudsqlsuperuser', 'alloydbsuperuser', " +
			"'azure_pg_admin', 'streaming_replica', 'neon_superuser', 'supabase_admin') " +
			"UNION ALL SELECT 'function', proname FROM pg_proc WHERE proname = 'aurora_version' " +
			"UNION ALL SELECT 'cluster', current_setting('cluster_name')",
		shape: rowsUpTo(100, text, text),
		into: func(rows []row) {
			signs := map[string]bool{}
			for _, r := range rows {
				signs[r.text(0)+" "+r.text(1)] = true
			}
			p.facts.Server.Flavor = flavor(p.facts.Server.Banner, p.facts.Target.Host, signs)
		},
	}
}

// flavor names what the signs of a server show. The first that fits wins, the
// more special ones stand first.
func flavor(banner, host string, signs map[string]bool) pgfacts.Flavor {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, f := range []struct {
		flavor pgfacts.Flavor
		fits   bool
	}{
		{pgfacts.CockroachDB, strings.Contains(banner, "CockroachDB")},
		{pgfacts.YugabyteDB, strings.Contains(banner, "-YB-")},
		{pgfacts.Redshift, strings.Contains(banner, "Redshift")},
		{pgfacts.Aurora, signs["function aurora_version"] || strings.Contains(host, ".cluster-") && strings.HasSuffix(host, ".rds.amazonaws.com")},
		{pgfacts.RDS, signs["setting rds.extensions"] || signs["role rds_superuser"] || strings.HasSuffix(host, ".rds.amazonaws.com")},
		{pgfacts.AlloyDB, signs["setting alloydb.iam_authentication"] || signs["role alloydbsuperuser"]},
		{pgfacts.CloudSQL, signs["setting cloudsql.iam_authentication"] || signs["role cloudsqlsuperuser"]},
		{pgfacts.Azure, signs["setting azure.extensions"] || signs["role azure_pg_admin"] || strings.HasSuffix(host, ".postgres.database.azure.com")},
		{pgfacts.CloudNative, signs["setting cnpg.config_sha256"] || signs["role streaming_replica"]},
		{pgfacts.Neon, signs["setting neon.tenant_id"] || signs["role neon_superuser"] || strings.HasSuffix(host, ".neon.tech")},
		{pgfacts.Supabase, signs["setting supautils.superuser"] || signs["role supabase_admin"]},
		{pgfacts.Patroni, strings.Contains(host, "patroni")},
	} {
		if f.fits {
			return f.flavor
		}
	}
	return pgfacts.Plain
}

// sawBackend keeps what the start of the session tells about who answers.
func (p *probe) sawBackend(s *session) {
	p.toldPID = s.conn.PID()
	p.facts.Server = &pgfacts.Server{Flavor: pgfacts.Plain}
	if version := s.conn.ParameterStatus("crdb_version"); version != "" {
		p.facts.Server.Flavor, p.facts.Server.Banner = pgfacts.CockroachDB, version
	}
}

// poolerSigns are parts of host names that poolers have by default.
var poolerSigns = []struct{ part, name string }{
	{".proxy-", "RDS Proxy"},
	{"pgbouncer", "PgBouncer"},
	{"pgcat", "PgCat"},
	{"pgpool", "Pgpool-II"},
	{"odyssey", "Odyssey"},
	{"pooler.supabase.com", "Supavisor"},
	{"-pooler", "the provider's pooler"},
	{"pooler-", "PgBouncer"},
}

// poolerPorts are ports on which only poolers listen by default.
var poolerPorts = map[int]string{6432: "PgBouncer", 6543: "Supavisor"}

// nameProxyByHost names a pooler by the host or the port of the URL, where
// something else has shown that there is one or the name itself leaves no doubt.
func nameProxyByHost(f *pgfacts.Facts) {
	if f.Proxy.Name != "" || f.FailedStep == pgfacts.DNS {
		return
	}
	host := strings.ToLower(f.Target.Host)
	for _, s := range poolerSigns {
		if strings.Contains(host, s.part) {
			f.Proxy.Name, f.Proxy.Hint = s.name, "the host name "+f.Target.Host
			return
		}
	}
	if name, ok := poolerPorts[f.Target.Port]; ok && f.Proxy.Present {
		f.Proxy.Name, f.Proxy.Hint = name, "port "+net.JoinHostPort("", strconv.Itoa(f.Target.Port))[1:]
	}
}
