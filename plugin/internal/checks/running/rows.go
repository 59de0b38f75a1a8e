package running

import (
	"fmt"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func rowChecks() []check.Check {
	return []check.Check{
		{
			ID: "replicas-missing", Area: area, Severity: check.Warning, Needs: rows,
			Title:   "each ready pod has a live row in the table replicas",
			Why:     "The other replicas know of a replica by its row. Without a live one they neither connect to it nor tell it of changes.",
			Example: "coder-2 is ready, and its row was updated 40 s ago",
			Remedy:  "Compare the clock of its node with the database's, and look in its log for \"update replica\".",
			Judge:   read(judgeMissing),
		},
		{
			ID: "replicas-stale", Area: area, Severity: check.Info, Needs: rows,
			Title:   "no replica ended without saying so",
			Why:     "A replica that is killed cuts its users off at once, and the others notice it only after 15 seconds.",
			Example: "a row of coder-1 was updated last 4 minutes ago, and says nothing of its end",
			Remedy:  "Find out what killed it: memory, the grace period of the pod, or its node.",
			Judge:   read(judgeStale),
		},
	}
}

// read judges the rows of the table replicas, where it could be read.
func read(judge func(*check.Case, []pgfacts.ReplicaRow) check.Result) func(*check.Case) check.Result {
	return func(f *check.Case) check.Result {
		rows, ok := f.Rows()
		switch p := f.Postgres[0]; {
		case ok:
			return judge(f, rows)
		case p.Server == nil:
			return check.Result{Skip: &check.Skip{
				Reason: "no session to the database could be opened, see postgres-unreachable", Proof: "fix what postgres-unreachable reports", See: "postgres-unreachable",
			}}
		default:
			return check.Unproven("the table replicas could not be read", "grant the role in the URL the right to read it")
		}
	}
}

// firstRow is how long coderd may take from being ready until its row is seen.
const firstRow = 30 * time.Second

func judgeMissing(f *check.Case, rows []pgfacts.ReplicaRow) check.Result {
	var j judgment.Judgment
	live := 0
	for _, row := range rows {
		if !row.Alive() {
			continue
		}
		if f.PodOf(row) == nil {
			// It may have ended within the last 15 s; another deployment's is the
			// finding of postgres-foreign-replicas.
			j.Unproven(row.Hostname+" has a live row and no pod: it may have ended within the last 15 s", check.Later)
			continue
		}
		live++
	}
	ready := 0
	for _, pod := range f.Running.Pods {
		if pod.StateAt(f.Now) != facts.Ready {
			continue
		}
		ready++
		row := f.RowOf(pod)
		switch {
		case row != nil && row.Alive():
			j.Good()
		case f.Now.Sub(pod.Started) < firstRow:
			j.Unproven(pod.Name+" started "+human.Duration(f.Now.Sub(pod.Started))+" ago, and has no live row yet", check.Later)
		case row == nil:
			j.Find(missing(f, pod, "no row of this pod"))
		case row.Stopped:
			j.Find(missing(f, pod, "its row says that it has stopped"))
		default:
			j.Find(missing(f, pod, "its row was updated "+human.Duration(row.Age)+" ago"))
		}
	}
	if ready == 0 {
		return check.See("replicas-not-ready")
	}
	return judgment.Noted(j.Result(), fmt.Sprintf("%s, %d live", human.Count(ready, "ready pod"), live))
}

func missing(f *check.Case, pod facts.Pod, observed string) check.Finding {
	return check.Finding{
		Message: pod.Name + " is ready, but has no live row in the table replicas", Subject: about(f, pod.Name),
		Observed: observed, Expected: "a row that is updated every 5 s",
	}
}

// fewEnds is how often one replica may end uncleanly within the half hour that
// coderd keeps the rows, before it is more than bad luck.
const fewEnds = 1

func judgeStale(f *check.Case, rows []pgfacts.ReplicaRow) check.Result {
	ends := map[string][]string{}
	var names []string
	for _, row := range rows {
		if !row.Stale() {
			continue
		}
		if pod := f.PodOf(row); pod != nil && pod.Ready && f.RowOf(*pod).ID == row.ID {
			// It runs: that its row is old is the finding of replicas-missing.
			continue
		}
		if len(ends[row.Hostname]) == 0 {
			names = append(names, row.Hostname)
		}
		ends[row.Hostname] = append(ends[row.Hostname], human.Duration(row.Age.Round(time.Second)))
	}
	if len(names) == 0 {
		return check.Pass()
	}
	var findings []check.Finding
	for _, name := range names {
		severity, times := check.Info, "once"
		if n := len(ends[name]); n > fewEnds {
			severity, times = check.Warning, human.Count(n, "time")
		}
		findings = append(findings, check.Finding{
			Severity: severity, Message: name + " ended without saying so, " + times, Subject: about(f, name),
			Observed: "last seen " + strings.Join(ends[name], " and ") + " ago, with no stopped_at", Expected: "stopped_at is set when coderd stops",
		})
	}
	return check.Fail(findings...)
}
