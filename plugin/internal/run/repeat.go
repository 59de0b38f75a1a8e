package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// Repeat says whether a deployment that runs is looked at more than once.
type Repeat struct {
	// Watch looks until the run is interrupted, Wait until the deployment is healthy.
	Watch, Wait bool
	// Interval is the time from one look to the next.
	Interval time.Duration
}

// DefaultInterval is how often is looked without a flag: as often as kubectl's own
// "watch" does.
const DefaultInterval = 2 * time.Second

// errRepeat says that there are two ends.
var errRepeat = errors.New("--watch goes on until it is interrupted, and --wait ends: leave one out")

// check refuses what cannot be.
func (r Repeat) check() error {
	switch {
	case r.Watch && r.Wait:
		return errRepeat
	case (r.Watch || r.Wait) && r.Interval < time.Second:
		return fmt.Errorf("--interval %s: use at least 1s", r.Interval)
	}
	return nil
}

// pause waits for the next look; false says that the run has ended.
func (r Repeat) pause(ctx context.Context) bool {
	timer := time.NewTimer(r.Interval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch looks again and again. On a screen each look replaces the one before. A
// cluster that does not answer for a while ends nothing.
func (r Request) watch(parent context.Context, streams Streams, progress *progress) error {
	terminal := streams.Out.Terminal()
	for {
		ctx, cancel := context.WithTimeoutCause(parent, r.Timeout, timeoutError(r.Timeout))
		out, found, err := r.look(ctx, streams, progress)
		cancel()
		progress.done()
		if cause := context.Cause(parent); cause != nil {
			return cause
		}
		if terminal {
			streams.Out.Screen()
		}
		fmt.Fprintf(streams.Out, "every %s, now %s\n\n", r.Repeat.Interval, time.Now().Format(time.TimeOnly))
		if err == nil {
			if err := ignoreFindings(r.write(streams, out, found)); err != nil {
				return err
			}
		}
		if terminal {
			streams.Out.Draw()
			progress.quiet()
		}
		if err != nil {
			streams.Say(err.Error())
		}
		if !r.Repeat.pause(parent) {
			return context.Cause(parent)
		}
	}
}

// rowsTime is how long coderd counts a replica that has fallen silent: before, a pod
// that asks for the rows again sees nothing new.
const rowsTime = 15 * time.Second

// ownHealth is the check of what coderd says of its own health. What it says after an
// update may pass, such as that a provisioner is missing, or may not: for that alone
// healthTime is waited.
const (
	ownHealth  = "health"
	healthTime = time.Minute
)

// healthWait is how long nothing but the health of coderd has been open; zero where
// something else is.
type healthWait struct{ since time.Time }

// over says that what is open now is not worth waiting for any longer.
func (w *healthWait) over(why string, now time.Time) bool {
	switch {
	case why != ownHealth:
		w.since = time.Time{}
	case w.since.IsZero():
		w.since = now
	}
	return why == "" || !w.since.IsZero() && now.Sub(w.since) > healthTime
}

// wait looks until each replica has come to run, and nothing is wrong that passes. The
// report is that of the last look.
func (r Request) wait(ctx context.Context, streams Streams, progress *progress) error {
	said := ""
	var health healthWait
	pods := r.InCluster.On
	for {
		r.InCluster.later = pods
		out, found, why, err := r.lookForHealth(ctx, streams, progress)
		if err == nil && (why == "" || why == ownHealth) && pods {
			// Only now pods are started, and they are gone before the next look.
			r.InCluster.later = false
			out, found, why, err = r.lookForHealth(ctx, streams, progress)
			r.Repeat.Interval = max(r.Repeat.Interval, rowsTime)
		}
		if err != nil {
			return err
		}
		if health.over(why, time.Now()) {
			progress.done()
			return r.write(streams, out, found)
		}
		if why != said && context.Cause(ctx) == nil {
			progress.report("waiting: " + why)
			said = why
		}
		if !r.Repeat.pause(ctx) {
			progress.done()
			cause := context.Cause(ctx)
			out.Incomplete = fmt.Sprintf("%s, while waiting: %s", cause, why)
			return errors.Join(cause, ignoreFindings(r.write(streams, out, found)))
		}
	}
}

// lookForHealth looks once, and says what is still to come or to be mended.
func (r Request) lookForHealth(ctx context.Context, streams Streams, progress *progress) (out report.Report, found *facts.Facts, why string, err error) {
	out, found, err = r.look(ctx, streams, progress)
	if err != nil {
		return out, found, "", err
	}
	if gap, missing := found.Missing(facts.Pods); missing {
		return out, found, "", fmt.Errorf("--wait cannot see the pods: %s", gap.Reason)
	}
	return out, found, unhealthy(out, found), nil
}

// ignoreFindings is an error that is worth words.
func ignoreFindings(err error) error {
	if errors.Is(err, ErrFindings) {
		return nil
	}
	return err
}

// passing are the checks of what an update upsets and its end puts right. What others
// find stays as it is, however long is waited.
var passing = []string{"replicas-not-ready", "replica-stuck", "replicas-missing", "replicas-version-skew", "relay-unreachable", ownHealth}

// unhealthy says what is still to come or to be mended; empty where all is well.
func unhealthy(out report.Report, found *facts.Facts) string {
	ready, leaving := 0, 0
	for _, pod := range found.Running.Pods {
		switch pod.StateAt(found.Now) {
		case facts.Ready:
			ready++
		case facts.Draining, facts.Overdue:
			leaving++
		default:
		}
	}
	var open []string
	if desired := found.Running.Desired(); ready != desired {
		open = append(open, fmt.Sprintf("%d of %s ready", ready, human.Count(desired, "replica")))
	}
	if leaving > 0 {
		open = append(open, fmt.Sprintf("%d draining", leaving))
	}
	if len(open) == 0 && slices.ContainsFunc(found.Running.Workloads, func(w facts.WorkloadStatus) bool { return !w.Settled }) {
		open = append(open, "the update goes on")
	}
	for _, o := range out.Outcomes {
		switch {
		case o.Unproven() && o.Skip.Proof == check.Later:
			open = append(open, o.ID+": "+o.Skip.Reason)
		case slices.Contains(passing, o.ID) && fails(o, out.FailOn):
			open = append(open, o.ID)
		}
	}
	return strings.Join(open, "; ")
}

func fails(o check.Outcome, on check.Severity) bool {
	worst, failed := o.Worst()
	return failed && worst >= on
}
