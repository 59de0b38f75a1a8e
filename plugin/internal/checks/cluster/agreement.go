package cluster

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

// agreementChecks judge what must be the same for replicas to hear each other.
func agreementChecks() []check.Check {
	return []check.Check{
		{
			ID: "cluster-mixed-pubsub", Area: area, Severity: check.Error, Needs: judgment.Replicas, Uses: []facts.Kind{facts.Database, facts.Pods},
			Title:   "all replicas use the same pubsub",
			Why:     "Replicas that use NATS and replicas that use Postgres for pubsub do not hear each other's events.",
			Example: "Coder 2.38 with CODER_EXPERIMENTS=no_nats_pubsub on one of three hosts",
			Remedy:  "Set CODER_EXPERIMENTS to the same value on all replicas.",
			Judge:   judgeMixedPubsub,
		},
		{
			ID: "postgres-url-differs", Area: area, Severity: check.Error, Needs: judgment.Replicas,
			Title:   "all replicas have the same database URL, byte for byte",
			Why:     "With NATS pubsub, replicas let each other in by a digest of the URL's text: another parameter order or host name is enough to keep them apart.",
			Example: "postgres://coder@db/coder?sslmode=require on coder-1, and the same with another host name on coder-2",
			Remedy:  "Copy CODER_PG_CONNECTION_URL from one replica to all others.",
			Judge:   judgeURLDiffers,
		},
	}
}

func judgeMixedPubsub(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	var j judgment.Judgment
	first, _ := d.NATS(d.Replicas[0])
	for _, r := range d.Replicas {
		experiments := r.Env(coder.Experiments)
		on, _ := d.NATS(r)
		switch {
		case !d.Version.AtLeast(2, 35):
			j.Skip("Coder %s has no NATS pubsub", d.Version)
		case experiments.State == deployment.Unknown:
			j.Unknown(coder.Experiments, experiments)
		case on == first:
			j.Good()
		default:
			j.Find(check.Finding{
				Message: fmt.Sprintf("replicas %s and %s use different pubsubs", d.Replicas[0].Name, r.Name), Subject: judgment.Of(d, r, experiments),
				Observed: fmt.Sprintf("%s: %s; %s: %s", d.Replicas[0].Name, pubsub(first), r.Name, pubsub(on)), Expected: "the same " + coder.Experiments + " on all replicas",
			})
			return j.Result()
		}
	}
	judgePubsubRows(&j, f)
	return j.Result()
}

// entitledTime is after what time each replica has seen the license, without which it
// opens no port for NATS: coderd looks every ten minutes.
const entitledTime = 15 * time.Minute

// judgePubsubRows compares the pods that run now, and have for a while.
func judgePubsubRows(j *judgment.Judgment, f *check.Case) {
	rows, _ := f.Rows()
	var first *pgfacts.ReplicaRow
	for _, row := range rows {
		switch {
		case !row.Alive() || f.PodOf(row) == nil || f.Now.Sub(row.StartedAt) < entitledTime:
		case first == nil:
			first = &row
		case (row.NATSPort != 0) != (first.NATSPort != 0):
			j.Find(check.Finding{
				Message: fmt.Sprintf("replicas %s and %s run now with different pubsubs", first.Hostname, row.Hostname), Subject: check.Subject{Kind: "replica", Name: row.Hostname},
				Observed: fmt.Sprintf("%s: %s; %s: %s", first.Hostname, pubsub(first.NATSPort != 0), row.Hostname, pubsub(row.NATSPort != 0)), Expected: "the same " + coder.Experiments + " on all replicas",
			})
			return
		}
	}
}

func pubsub(nats bool) string {
	if nats {
		return "NATS"
	}
	return "Postgres"
}

// judgeURLDiffers compares the URLs by their digests. Without NATS, two texts may
// well lead to one database.
func judgeURLDiffers(f *check.Case) check.Result {
	d := f.Deployment
	if !d.Several() {
		return check.NotApplicable(judgment.OneReplica)
	}
	var j judgment.Judgment
	one := d.Replicas[0]
	first := one.Env(coder.PostgresURL)
	for _, r := range d.Replicas {
		v := r.Env(coder.PostgresURL)
		switch {
		case v.State == deployment.Unknown && first.Key != nil && v.Key != nil && *v.Key == *first.Key:
			j.Good()
		case v.State == deployment.Unknown:
			j.Unknown(coder.PostgresURL, v)
		case first.State == deployment.Unknown:
			j.Unknown(coder.PostgresURL, first)
		case v.Unset() || first.Unset():
			return check.See("postgres-url-missing")
		case v.Digest == first.Digest:
			j.Good()
		default:
			finding := check.Finding{
				Message: fmt.Sprintf("replicas %s and %s have different database URLs", one.Name, r.Name), Subject: judgment.Of(d, r, v),
				Observed: urlDifference(one, r), Expected: "the same text on all replicas",
			}
			if on, _ := d.NATS(r); !on {
				finding.Severity = check.Warning
				finding.Message += ": check that both lead to the same database"
			}
			j.Find(finding)
			return j.Result()
		}
	}
	return j.Result()
}

// urlDifference names the part in which two URLs differ, without their secrets.
func urlDifference(a, b deployment.Replica) string {
	if a.Database == nil || b.Database == nil || a.Database.Redacted == b.Database.Redacted {
		return "two texts that differ in a part that is not shown, such as the password"
	}
	return a.Name + ": " + a.Database.Show(a.Database.Redacted) + "; " + b.Name + ": " + b.Database.Show(b.Database.Redacted)
}
