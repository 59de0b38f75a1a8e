package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func ownerChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-same-endpoint", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "all URLs lead to the same database",
			Why:     "Replicas on different databases are separate deployments behind one load balancer.",
			Example: "--postgres-url-file is given twice, for two different databases",
			Remedy:  "Give every replica the same URL, byte for byte.",
			Judge:   judgeSameEndpoint,
		},
		{
			ID: "postgres-foreign-replicas", Area: area, Severity: check.Error, Needs: judgment.Database, Uses: judgment.Replicas,
			Title:   "no other deployment uses this database",
			Why:     "Two deployments on one database treat each other's replicas as their own and run each other's jobs.",
			Example: "a staging deployment uses the URL of the production database",
			Remedy:  "Use a separate database for this deployment, or stop the other one first.",
			Judge:   probed(answered(judgeForeign)),
		},
		{
			ID: "postgres-coder-v1", Area: area, Severity: check.Error, Needs: judgment.Database,
			Title:   "the database is not a Coder v1 database",
			Why:     "coderd does not start on a Coder v1 database.",
			Example: "the database has a table migration_cursor",
			Remedy:  "Create a new database for Coder v2:\nCREATE DATABASE coder_v2 OWNER coder;",
			Judge: probed(answered(func(_ *check.Case, p *pgfacts.Facts) check.Result {
				switch {
				case p.Coder == nil:
					return unanswered(p, pgfacts.AskTables, "which tables there are")
				case p.Coder.V1:
					return check.Fail(check.Finding{
						Message: "the database is a Coder v1 database", Subject: server(p),
						Observed: "a table migration_cursor", Expected: "an empty database, or one of Coder v2",
					})
				}
				return check.Pass()
			})),
		},
	}
}

// judgeSameEndpoint compares the databases of all probes with the first one's.
func judgeSameEndpoint(f *check.Case) check.Result {
	return answered(compareDatabases)(f, f.Postgres[0].Facts)
}

func compareDatabases(f *check.Case, p *pgfacts.Facts) check.Result {
	if len(f.Postgres) == 1 {
		return check.NotApplicable("all replicas have one URL")
	}
	var findings []check.Finding
	for _, other := range f.Postgres[1:] {
		if other.Server == nil || other.Server.VersionNum == 0 {
			return check.Unproven("the database of "+other.Target.Origin+" could not be asked", "make it reachable from "+other.Position.String())
		}
		if p.Server.SystemIdentifier == "" || other.Server.SystemIdentifier == "" {
			return unanswered(p, pgfacts.AskIdentity, "which database it is")
		}
		if identity(p) == identity(other.Facts) {
			continue
		}
		findings = append(findings, check.Finding{
			Message: fmt.Sprintf("%s and %s lead to different databases", p.Target.Origin, other.Target.Origin), Subject: server(other.Facts),
			Observed: identity(p) + " and " + identity(other.Facts), Expected: "the same system identifier and database",
		})
	}
	if len(findings) > 0 {
		return check.Fail(findings...)
	}
	return check.PassNote(identity(p))
}

// identity names a database wherever it is reached from. A standby has the
// identity of its primary.
func identity(p *pgfacts.Facts) string {
	return "system " + p.Server.SystemIdentifier + ", database " + p.Server.DatabaseOID
}

func judgeForeign(f *check.Case, p *pgfacts.Facts) check.Result {
	live, skip := liveReplicas(p)
	switch {
	case skip != nil:
		return *skip
	case len(live) == 0:
		return check.PassNote("no replica uses it now")
	case f.Deployment == nil:
		return check.Unproven(human.Count(len(live), "replica")+" of Coder run on this database, and no deployment to compare with was given",
			"run helm coder-ha validate with the chart and its values")
	}
	var findings []check.Finding
	for _, r := range live {
		if !ours(f.Deployment, r) {
			findings = append(findings, check.Finding{
				Message: fmt.Sprintf("replica %s uses the database, but is not part of this deployment", r.Hostname), Subject: server(p),
				Observed: fmt.Sprintf("%s, version %s, relay %s, updated %s ago", r.Hostname, r.Version, r.RelayAddress, human.Duration(max(r.Age, 0))),
				Expected: expectedReplicas(f.Deployment),
				Remedy:   "Use a separate database for this deployment. If the other replica belongs to an old installation of the same Coder, stop it first.",
			})
		}
	}
	if len(findings) > 0 {
		return check.Fail(findings...)
	}
	return check.PassNote(human.Count(len(live), "replica") + " of this deployment run on it")
}

// expectedReplicas says which replicas are those of the deployment.
func expectedReplicas(d *deployment.Deployment) string {
	if d.OnHost(d.Replicas[0]) {
		return "only replicas on " + strings.Join(workloadNames(d), ", ")
	}
	return "only replicas named " + strings.Join(workloadNames(d), " or ") + "-…"
}

// onOurHost says whether a row belongs to a host of the deployment, by its name or
// by the address that it was given.
func onOurHost(d *deployment.Deployment, r pgfacts.ReplicaRow) bool {
	return slices.ContainsFunc(d.Replicas, func(own deployment.Replica) bool {
		name, _, _ := strings.Cut(strings.ToLower(own.Name), ".")
		relay, known := own.Env(coder.RelayURL).Text.Literal()
		return r.Hostname == name || known && relay != "" && r.RelayAddress == relay
	})
}

// ours says whether a row belongs to a pod of the deployment: coderd records
// the pod's name without its domain, and pods are named after their workload.
func ours(d *deployment.Deployment, r pgfacts.ReplicaRow) bool {
	if d.OnHost(d.Replicas[0]) {
		return onOurHost(d, r)
	}
	return slices.ContainsFunc(workloadNames(d), func(name string) bool {
		return r.Hostname == name || strings.HasPrefix(r.Hostname, name+"-")
	})
}

func workloadNames(d *deployment.Deployment) []string {
	var names []string
	for _, w := range d.Workloads {
		names = append(names, strings.ToLower(w.Name))
	}
	return names
}
