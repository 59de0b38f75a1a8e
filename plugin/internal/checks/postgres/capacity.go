package postgres

import (
	"fmt"
	"strconv"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func capacityChecks() []check.Check {
	return []check.Check{{
		ID: "postgres-connections", Area: area, Severity: check.Error, Needs: judgment.Database, Uses: judgment.Replicas,
		Title:   "the server has enough free connections for all replicas",
		Why:     "A running replica that gets no connection fails its requests, and a starting one exits.",
		Example: "max_connections = 40 for three replicas with pools of 10",
		Remedy:  "Raise max_connections, or lower CODER_PG_CONN_MAX_OPEN.",
		Judge: probed(func(f *check.Case, p *pgfacts.Facts) check.Result {
			if finding := noRoom(p); finding != nil {
				return check.Fail(*finding)
			}
			return answered(judgeConnections, pgfacts.AskConnections, pgfacts.AskLimits)(f, p)
		}),
	}}
}

// noRoom is the finding about a server that had no connection even for the
// probe.
func noRoom(p *pgfacts.Facts) *check.Finding {
	if p.FailedStep == "" || len(p.Steps) == 0 || p.Steps[len(p.Steps)-1].SQLState != pgfacts.TooManyConnections {
		return nil
	}
	return &check.Finding{
		Message: "no connection is free, not even one: " + p.Steps[len(p.Steps)-1].Message, Subject: server(p),
		Observed: "SQLSTATE " + pgfacts.TooManyConnections, Expected: "room for every replica", Remedy: reachRemedies[pgfacts.TooManyConnections],
	}
}

// What a replica holds: its pool, 10 connections where CODER_PG_CONN_MAX_OPEN
// does not say otherwise (coder/coder codersdk/deployment.go), and a listener
// of its own (coderd/database/pubsub).
const (
	defaultPool = 10
	listener    = 1
)

// headroom is the share of connections, in percent, that Coder's scaling guide
// asks for on top, for churn and other clients.
const headroom = 20

// demand is what the replicas will ask for.
type demand struct {
	// replicas is how many run at most, surge how many of them only during a
	// rolling update.
	replicas, surge int
	// each is what one replica holds.
	each int
}

// mostConnections is more than any server has, and can be multiplied.
const mostConnections = 10_000_000

// total is what all hold, with the headroom, rounded up.
func (d demand) total() int {
	return (d.replicas*d.each*(100+headroom) + 99) / 100
}

func (d demand) String() string {
	replicas := human.Count(d.replicas-d.surge, "replica")
	if d.surge > 0 {
		replicas += fmt.Sprintf(" and %d more during an update", d.surge)
	}
	return fmt.Sprintf("%s x (pool of %d + 1 listener) + %d %% = %d", replicas, d.each-listener, headroom, d.total())
}

// demandOf reads the demand from the deployment, or from the plan.
func demandOf(f *check.Case) (demand, *check.Result) {
	if f.Deployment == nil {
		if f.Plan.Replicas == 0 {
			result := check.Unproven("the number of replicas is not known", "set --replicas")
			return demand{}, &result
		}
		return demand{replicas: f.Plan.Replicas, each: defaultPool + listener}, nil
	}
	d := demand{}
	for i, w := range f.Deployment.Workloads {
		pool := f.Deployment.Representatives()[i].Env(coder.PostgresConnMaxOpen).Or(strconv.Itoa(defaultPool))
		if pool.State == deployment.Unknown {
			result := check.Unproven(coder.PostgresConnMaxOpen+": "+pool.Why, pool.Proof)
			return demand{}, &result
		}
		n, err := strconv.Atoi(string(pool.Text))
		if err != nil || n < 1 {
			result := check.NotApplicable(coder.PostgresConnMaxOpen + " is not a number above 0")
			return demand{}, &result
		}
		surge := 0
		if w.Kind == "Deployment" {
			// The default of a Deployment is 25 %, rounded up.
			surge = (w.Replicas + 3) / 4
		}
		d.surge += surge
		d.replicas += w.Replicas + surge
		d.each = max(d.each, min(n, mostConnections)+listener)
	}
	return d, nil
}

// room is a limit on connections, with what others hold of it.
type room struct {
	name         string
	limit, taken int
	remedy       string
}

func (r room) free() int { return max(r.limit-r.taken, 0) }

// rooms are the limits that bind: the server's, and those of role and database.
func rooms(p *pgfacts.Facts) []room {
	c := p.Capacity
	name := p.Target.User
	if p.Role != nil {
		name = p.Role.Name
	}
	out := []room{{
		name:  fmt.Sprintf("max_connections %d less %d reserved", c.MaxConnections, c.Reserved),
		limit: c.MaxConnections - c.Reserved, taken: c.Others, remedy: raiseConnections(p) + " to at least %d",
	}}
	if c.RoleLimit >= 0 {
		out = append(out, room{"the limit of the role " + name, c.RoleLimit, c.RoleOthers, "ALTER ROLE " + name + " CONNECTION LIMIT %d"})
	}
	if c.DatabaseLimit >= 0 {
		out = append(out, room{"the limit of the database " + p.Target.Database, c.DatabaseLimit, c.DatabaseOthers, "ALTER DATABASE " + p.Target.Database + " CONNECTION LIMIT %d"})
	}
	return out
}

// raiseConnections says where max_connections is set.
func raiseConnections(p *pgfacts.Facts) string {
	switch p.Server.Flavor {
	case pgfacts.RDS, pgfacts.Aurora:
		return "Raise max_connections in the parameter group, or take a larger instance class,"
	case pgfacts.CloudSQL, pgfacts.AlloyDB:
		return "Raise the database flag max_connections"
	case pgfacts.Azure:
		return "Raise the server parameter max_connections"
	case pgfacts.CloudNative:
		return "Raise spec.postgresql.parameters.max_connections of the Cluster"
	case pgfacts.Patroni:
		return "Raise max_connections with patronictl edit-config"
	default:
		return "Raise max_connections"
	}
}

func judgeConnections(f *check.Case, p *pgfacts.Facts) check.Result {
	if p.Capacity == nil || p.Capacity.MaxConnections == 0 {
		return unanswered(p, pgfacts.AskConnections, "how many connections it has")
	}
	if p.Capacity.SecondRefused != "" {
		return check.Fail(check.Finding{
			Message: "the server refused a second connection: " + p.Capacity.SecondRefused, Subject: server(p),
			Observed: fmt.Sprintf("max_connections %d, of which %d reserved and %d held by others", p.Capacity.MaxConnections, p.Capacity.Reserved, p.Capacity.Others+p.Capacity.Own),
			Expected: "room for every replica",
			Remedy:   "See who holds them: SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC; then end those, or raise max_connections or the limit.",
		})
	}
	d, skip := demandOf(f)
	if skip != nil {
		return *skip
	}
	var findings []check.Finding
	tightest := rooms(p)[0]
	for _, r := range rooms(p) {
		if r.free() < tightest.free() {
			tightest = r
		}
		if finding, short := crowded(f, p, d, r); short {
			findings = append(findings, finding)
		}
	}
	if len(findings) > 0 {
		return check.Fail(findings...)
	}
	return check.PassNote(fmt.Sprintf("%d of %d free connections needed, %s fit", d.total(), tightest.free(), human.Count(fit(d, tightest), "replica")))
}

// fit is how many replicas have room, with the headroom.
func fit(d demand, r room) int { return r.free() * 100 / (d.each * (100 + headroom)) }

// crowded says whether a limit is too small, or nearly.
func crowded(f *check.Case, p *pgfacts.Facts, d demand, r room) (check.Finding, bool) {
	need, share := d.total(), f.Limits.Postgres.ConnectionsShare
	finding := check.Finding{
		Subject:  server(p),
		Observed: fmt.Sprintf("%s, less %d held by others: %d free; %s fit", r.name, r.taken, r.free(), human.Count(fit(d, r), "replica")),
		Expected: d.String(),
		Remedy: fmt.Sprintf(r.remedy, r.limit+need*100/share+1-r.free()) +
			fmt.Sprintf(", or run fewer replicas, or lower %s (now %d).", coder.PostgresConnMaxOpen, d.each-listener),
	}
	switch {
	case need > r.free():
		finding.Message = fmt.Sprintf("the replicas cannot all connect: they need %d connections, and %s leaves %d", need, r.name, r.free())
	case need*100 > r.free()*share:
		finding.Severity = check.Warning
		finding.Message = fmt.Sprintf("connections are tight: the replicas need %d of the %d that %s leaves", need, r.free(), r.name)
	default:
		return finding, false
	}
	return finding, true
}
