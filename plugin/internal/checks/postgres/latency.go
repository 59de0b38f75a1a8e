package postgres

import (
	"fmt"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
)

func latencyChecks() []check.Check {
	return []check.Check{
		{
			ID: "postgres-latency", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:  "the database answers fast enough",
			Why:    "coderd asks the database several times for each API request, so each millisecond counts several times.",
			Remedy: "Run the replicas and the database in one region, best in one zone. Measured from elsewhere, run this check from a pod: this machine's own distance counts.",
			Judge:  probed(answered(judgeLatency)),
		},
		{
			ID: "postgres-latency-uneven", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:  "all replicas are equally near to the database",
			Why:    "A replica that is far from the database is slow for those users that the load balancer sends to it.",
			Remedy: "Keep all replicas in the database's region; add users' regions as workspace proxies, not as replicas.",
			Judge:  probed(answered(judgeUneven)),
		},
		{
			ID: "postgres-clock-skew", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:  "the clocks agree",
			Why:    "Replicas take a peer for dead by its clock: from about 7 seconds of skew on they lose each other.",
			Remedy: "Synchronize the clocks of the database server and of every node by NTP. Measured from elsewhere, this machine's own clock may be the wrong one.",
			Judge:  probed(answered(judgeClock)),
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
	figures := fmt.Sprintf("median %s, min %s, p95 %s, jitter %s of %d round trips", ms(l.Median), ms(l.Min), ms(l.P95), ms(l.Jitter), len(l.Samples))
	finding := check.Finding{
		Subject: server(p), Observed: figures, Expected: "a median below " + ms(limits.LatencyWarning),
	}
	request := fmt.Sprintf("an API request that asks %d times waits %s", manyQueries, ms(manyQueries*l.Median))
	switch {
	case l.Median >= limits.LatencyError:
		finding.Severity = check.Error
		finding.Message = fmt.Sprintf("the database is too far away: %s for one round trip, so %s", ms(l.Median), request)
	case l.Median >= coderLatency && limits.LatencyWarning <= coderLatency:
		finding.Message = fmt.Sprintf("the database is slow to reach: %s for one round trip, so %s; Coder's health page will warn with EDB02", ms(l.Median), request)
	case l.Median >= limits.LatencyWarning:
		finding.Message = fmt.Sprintf("the database is a little far away: %s for one round trip, so %s", ms(l.Median), request)
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
		return check.NotApplicable(plural(len(live), "live replica") + ": there is nothing to compare")
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
	observed := fmt.Sprintf("%s: %s, %s: %s", near.Hostname, ms(near.DatabaseLatency), far.Hostname, ms(far.DatabaseLatency))
	finding := check.Finding{Subject: server(p), Observed: observed}
	switch {
	case far.DatabaseLatency > farLatency:
		finding.Message = fmt.Sprintf("replica %s is %s away from the database", far.Hostname, ms(far.DatabaseLatency))
		finding.Expected = "at most " + ms(farLatency) + " for every replica"
	case far.DatabaseLatency > unevenFactor*near.DatabaseLatency && far.DatabaseLatency >= noticeable:
		finding.Message = fmt.Sprintf("replica %s is much farther from the database than %s", far.Hostname, near.Hostname)
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
	observed := fmt.Sprintf("%s %s this machine, give or take %s", seconds(c.Skew.Abs()), direction, ms(c.Uncertainty))
	finding := check.Finding{
		Message: fmt.Sprintf("the database's clock is %s %s this machine's", seconds(c.Skew.Abs()), direction), Subject: server(p),
		Observed: observed, Expected: "less than " + seconds(skewWarning),
	}
	switch {
	case certain > skewError:
		finding.Severity = check.Error
	case certain <= skewWarning:
		return check.PassNote(fmt.Sprintf("%s, give or take %s", ms(c.Skew.Abs()), ms(c.Uncertainty)))
	}
	return check.Fail(finding)
}
