package postgres

import (
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

// byReplicas judges a deployment that runs by what its replicas measured themselves,
// where the database was only asked from this machine: that may be anywhere.
func byReplicas(judge func(*check.Case, *pgfacts.Facts, []pgfacts.ReplicaRow) check.Result, otherwise func(*check.Case) check.Result) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		if f.Running == nil || len(f.Postgres) == 0 || f.Postgres[0].Position != facts.ThisMachine {
			return otherwise(f)
		}
		return answered(func(f *check.Case, p *pgfacts.Facts) check.Result {
			live, skip := liveReplicas(p)
			switch {
			case skip != nil:
				return *skip
			case len(live) == 0:
				return check.NotApplicable("no replica uses the database now")
			}
			return judge(f, p, live)
		})(f, f.Postgres[0].Facts)
	}
}

// warmUp is how long after its start the ping of a replica may open a connection.
const warmUp = time.Minute

// replicasLatency judges the one ping that each replica makes with its heartbeat.
func replicasLatency(f *check.Case, p *pgfacts.Facts, live []pgfacts.ReplicaRow) check.Result {
	limits := f.Limits.Postgres
	var notes []string
	var findings []check.Finding
	for _, r := range live {
		measured := r.Hostname + " " + human.Duration(r.DatabaseLatency)
		if f.Now.Sub(r.StartedAt) < warmUp {
			continue
		}
		notes = append(notes, measured)
		if r.DatabaseLatency >= limits.LatencyWarning {
			findings = append(findings, check.Finding{
				Message: fmt.Sprintf("replica %s measures %s to the database", r.Hostname, human.Duration(r.DatabaseLatency)), Subject: server(p),
				Observed: measured + ", one ping with its last heartbeat", Expected: "less than " + human.Duration(limits.LatencyWarning),
			})
		}
	}
	switch {
	case len(findings) > 0:
		return check.Fail(findings...)
	case len(notes) == 0:
		return check.Unproven("each replica has just started", "run it again in a minute")
	}
	return check.PassNote("as the replicas measure it: " + strings.Join(notes, ", "))
}

// replicasClock judges by the ages of the rows, each written with the clock of its
// replica: one from the future has a clock ahead of the database's. One that is behind
// only looks older, as does one that is slow.
func replicasClock(_ *check.Case, p *pgfacts.Facts, live []pgfacts.ReplicaRow) check.Result {
	var findings []check.Finding
	for _, r := range live {
		ahead := -r.Age
		if ahead <= skewWarning {
			continue
		}
		severity := check.Warning
		if ahead > skewError {
			severity = check.Error
		}
		findings = append(findings, check.Finding{
			Severity: severity, Message: fmt.Sprintf("the clock of replica %s is at least %s ahead of the database's", r.Hostname, human.Duration(ahead)),
			Subject: server(p), Observed: fmt.Sprintf("its row was updated %s in the future", human.Duration(ahead)), Expected: "less than " + human.Duration(skewWarning),
		})
	}
	if len(findings) > 0 {
		return check.Fail(findings...)
	}
	return check.NotApplicable("the clock of this machine is none of the replicas', and none of theirs is ahead of the database's")
}
