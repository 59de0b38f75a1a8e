package postgres

import (
	"fmt"
	"slices"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks/judgment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
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
			Remedy:  "Run the replicas and the database in one region, preferably in one zone. Without --in-cluster, the latency is measured from this machine.",
			Judge:   byReplicas(replicasLatency, slowest(answered(judgeLatency))),
		},
		{
			ID: "postgres-latency-uneven", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "the replicas measure similar latency to the database",
			Why:     "A replica that is far from the database is slow for the users that the load balancer sends to it.",
			Example: "two replicas measure 1 ms, the third one 20 ms",
			Remedy:  "Keep all replicas in the region of the database. For users in other regions, add workspace proxies, not replicas.",
			Judge:   judgeUnevenPlaces,
		},
		{
			ID: "postgres-clock-skew", Area: area, Severity: check.Warning, Needs: judgment.Database,
			Title:   "the clock of the database agrees with those of the machines that asked it",
			Why:     "Replicas decide by their clocks whether a peer is alive: with about 7 seconds of skew they lose each other.",
			Example: "the clock of the database is 6 seconds ahead",
			Remedy:  "Synchronize the clocks of the database server and every node with NTP. The clock of the machine that asked may be the wrong one.",
			Judge:   byReplicas(replicasClock, probedFrom(judgeClock)),
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

// A difference between replicas does no harm below noticeable: coderd writes down a
// single ping, to which a replica that just started adds a millisecond or two. Between
// zones of one region some milliseconds are usual, and a busy node adds to a
// measurement from outside of coderd: there it is placesNoticeable.
const (
	noticeable       = 3 * time.Millisecond
	placesNoticeable = 5 * time.Millisecond
)

// judgeUnevenPlaces compares what was measured from the places of the replicas, and
// else what the replicas wrote into the database.
func judgeUnevenPlaces(f *check.Case) check.Result {
	var near, far *facts.Postgres
	for i, p := range f.Postgres {
		if p.Position == facts.ThisMachine || p.Latency == nil {
			continue
		}
		if near == nil || p.Latency.Median < near.Latency.Median {
			near = &f.Postgres[i]
		}
		if far == nil || p.Latency.Median > far.Latency.Median {
			far = &f.Postgres[i]
		}
	}
	if near == nil || near == far {
		return probed(answered(judgeUneven))(f)
	}
	return uneven(placesNoticeable, server(far.Facts), string(near.Position), near.Latency.Median, string(far.Position), far.Latency.Median)
}

func judgeUneven(f *check.Case, p *pgfacts.Facts) check.Result {
	live, skip := liveReplicas(p)
	if skip != nil {
		return *skip
	}
	if len(live) < 2 {
		return check.NotApplicable(human.Count(len(live), "live replica") + ": there is nothing to compare")
	}
	live = slices.DeleteFunc(live, func(r pgfacts.ReplicaRow) bool { return f.Now.Sub(r.StartedAt) < warmUp })
	if len(live) < 2 {
		return check.NotApplicable("fewer than two replicas have run for a minute: what a replica measures at its start says little")
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
	return uneven(noticeable, server(p), near.Hostname, near.DatabaseLatency, far.Hostname, far.DatabaseLatency)
}

// uneven compares the nearest replica with the farthest one.
func uneven(noticeable time.Duration, subject check.Subject, near string, nearest time.Duration, far string, farthest time.Duration) check.Result {
	observed := fmt.Sprintf("%s: %s, %s: %s", near, human.Duration(nearest), far, human.Duration(farthest))
	finding := check.Finding{Subject: subject, Observed: observed}
	switch {
	case farthest > farLatency:
		finding.Message = fmt.Sprintf("replica %s measures %s to the database", far, human.Duration(farthest))
		finding.Expected = "at most " + human.Duration(farLatency) + " for every replica"
	case farthest > unevenFactor*nearest && farthest >= noticeable:
		finding.Message = fmt.Sprintf("replica %s measures much more latency to the database than %s", far, near)
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

func judgeClock(f *check.Case, from facts.Position, p *pgfacts.Facts) check.Result {
	return answered(func(_ *check.Case, p *pgfacts.Facts) check.Result { return judgeSkew(from, p) })(f, p)
}

func judgeSkew(from facts.Position, p *pgfacts.Facts) check.Result {
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
	observed := fmt.Sprintf("%s %s %s, give or take %s", human.Duration(c.Skew.Abs()), direction, from, human.Duration(c.Uncertainty))
	finding := check.Finding{
		Message: fmt.Sprintf("the database's clock is %s %s that of %s", human.Duration(c.Skew.Abs()), direction, from), Subject: server(p),
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
