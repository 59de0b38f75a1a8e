package postgres

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
)

func latencyChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-latency", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "the latency to the database is low",
			Why:     "coderd queries the database several times for each API request, so each millisecond counts several times.",
			Example: "a median round trip of 20 ms",
			Remedy:  "Run the replicas and the database in one region, preferably in one zone. The latency is measured from this machine: run the check in a pod to measure it from there.",
			Judge:   probed(answered(judgeLatency)),
		},
		{
			ID: "postgres-latency-uneven", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "the replicas measure similar latency to the database",
			Why:     "A replica that is far from the database is slow for the users that the load balancer sends to it.",
			Example: "two replicas measure 1 ms, the third one 20 ms",
			Remedy:  "Keep all replicas in the region of the database. For users in other regions, add workspace proxies, not replicas.",
			Judge:   probed(answered(judgeUneven)),
		},
		{
			ID: "postgres-clock-skew", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "the clocks of the database and this machine agree",
			Why:     "Replicas decide by their clocks whether a peer is alive: with about 7 seconds of skew they lose each other.",
			Example: "the clock of the database is 6 seconds ahead",
			Remedy:  "Synchronize the clocks of the database server and every node with NTP. The clock of this machine may be the wrong one.",
			Judge:   probed(answered(judgeClock)),
		},
	}
}

// coderLatency is where Coder's own health check begins to warn, EDB02.
const coderLatency = 15 * time.Millisecond

// manyQueries is how often a large API request asks the database one after the
// other; it serves to say what a round trip means.
const manyQueries = 10

func judgeLatency(f *check.Case, p *pgfacts.Facts) check.Result {
	l := p.Latency
	if l == nil {
		return unanswered(p, pgfacts.AskClock, "how fast it answers")
	}
	limits := f.Limits.Postgres
	figures := fmt.Sprintf("median %s, min %s, p95 %s, jitter %s of %d round trips", human.Duration(l.Median), human.Duration(l.Min), human.Duration(l.P95), human.Duration(l.Jitter), len(l.Samples))
	finding := check.Finding{
		Subject: server(p), Observed: figures, Expected: "a median below " + human.Duration(limits.LatencyWarning),
	}
	request := fmt.Sprintf("an API request with %d queries waits %s", manyQueries, human.Duration(manyQueries*l.Median))
	switch {
	case l.Median >= limits.LatencyError:
		finding.Severity = check.Error
		finding.Message = fmt.Sprintf("the latency to the database is too high: %s for one round trip, so %s", human.Duration(l.Median), request)
	case l.Median >= coderLatency && limits.LatencyWarning <= coderLatency:
		finding.Message = fmt.Sprintf("the latency to the database is high: %s for one round trip, so %s; Coder's health page will warn with EDB02", human.Duration(l.Median), request)
	case l.Median >= limits.LatencyWarning:
		finding.Message = fmt.Sprintf("the latency to the database is noticeable: %s for one round trip, so %s", human.Duration(l.Median), request)
	default:
		return check.PassNote(figures)
	}
	return check.Fail(finding)
}

// unevenFactor is how much farther one replica may be than another, and
// farLatency what none should exceed; it is coderLatency in the replicas' own
// measurement.
const (
	unevenFactor = 5
	farLatency   = coderLatency
)

// noticeable is below what a difference between replicas does no harm.
const noticeable = time.Millisecond

func judgeUneven(_ *check.Case, p *pgfacts.Facts) check.Result {
	live, skip := liveReplicas(p)
	if skip != nil {
		return *skip
	}
	if len(live) < 2 {
		return check.NotApplicable(human.Count(len(live), "live replica") + ": there is nothing to compare")
	}
	near, far := live[0], live[0]
	for _, r := range live {
		if r.DatabaseLatency < near.DatabaseLatency {
			near = r
		}
		if r.DatabaseLatency > far.DatabaseLatency {
			far = r
		}
	}
	observed := fmt.Sprintf("%s: %s, %s: %s", near.Hostname, human.Duration(near.DatabaseLatency), far.Hostname, human.Duration(far.DatabaseLatency))
	finding := check.Finding{Subject: server(p), Observed: observed}
	switch {
	case far.DatabaseLatency > farLatency:
		finding.Message = fmt.Sprintf("replica %s measures %s to the database", far.Hostname, human.Duration(far.DatabaseLatency))
		finding.Expected = "at most " + human.Duration(farLatency) + " for every replica"
	case far.DatabaseLatency > unevenFactor*near.DatabaseLatency && far.DatabaseLatency >= noticeable:
		finding.Message = fmt.Sprintf("replica %s measures much more latency to the database than %s", far.Hostname, near.Hostname)
		finding.Expected = fmt.Sprintf("a difference of at most %d times", unevenFactor)
	default:
		return check.PassNote(observed)
	}
	return check.Fail(finding)
}

// The skew that is warned of, and the one that breaks: coderd renews the row of
// a replica every 5 seconds (replicasync).
const (
	skewWarning = 2 * time.Second
	skewError   = 5 * time.Second
)

func judgeClock(_ *check.Case, p *pgfacts.Facts) check.Result {
	c := p.Clock
	if c == nil {
		return unanswered(p, pgfacts.AskClock, "its time")
	}
	// What the measurement itself may be off by is not held against anybody.
	certain := max(c.Skew.Abs()-c.Uncertainty, 0)
	direction := "ahead of"
	if c.Skew < 0 {
		direction = "behind"
	}
	observed := fmt.Sprintf("%s %s this machine, give or take %s", human.Duration(c.Skew.Abs()), direction, human.Duration(c.Uncertainty))
	finding := check.Finding{
		Message: fmt.Sprintf("the database's clock is %s %s this machine's", human.Duration(c.Skew.Abs()), direction), Subject: server(p),
		Observed: observed, Expected: "less than " + human.Duration(skewWarning),
	}
	switch {
	case certain > skewError:
		finding.Severity = check.Error
	case certain <= skewWarning:
		return check.PassNote(fmt.Sprintf("%s, give or take %s", human.Duration(c.Skew.Abs()), human.Duration(c.Uncertainty)))
	}
	return check.Fail(finding)
}
