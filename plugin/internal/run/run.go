// Package run is the pipeline behind every command that judges: it gathers
// evidence, judges it, writes one report, and says how the command ends.
package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/guard"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
	"github.com/coder-ha/coder-ha/plugin/internal/source/chart"
)

// Source names what describes the replicas.
type Source = source.Request

// Settings are Helm's own.
type Settings = chart.Settings

// NewSettings reads Helm's settings from the environment.
func NewSettings() *Settings { return chart.NewSettings() }

// Request is what a user asks of a command.
type Request struct {
	Source   Source
	Database Database
	// DatabaseOnly says that replicas are of interest only where the user names
	// what describes them.
	DatabaseOnly bool
	// Facts are evidence to judge instead, and a place for what is gathered.
	Facts   FactsFiles
	Judging Judging
	Output  report.Output
	// Probe asks the replicas too, which run on hosts without Kubernetes.
	Probe bool
	// InCluster asks from the places of the replicas, in a cluster.
	InCluster InCluster
	// Timeout bounds the whole run.
	Timeout time.Duration
}

// Judging says what is judged by which settings, and what fails the run.
type Judging struct {
	check.Settings
	// Skip are the ids of checks to leave out.
	Skip []string
	// FailOn is the severity from which a finding fails the run. Strict counts a
	// check of severity error that could not be verified as a finding.
	FailOn check.Severity
	Strict bool
}

// DefaultTimeout bounds a run whose servers do not answer; one that goes well
// takes a second or two.
const DefaultTimeout = time.Minute

// Do gathers, judges and writes the report. It returns ErrFindings where the
// report fails the run, and otherwise why the work could not be done.
func (r Request) Do(parent context.Context, streams Streams) error {
	if r.Timeout <= 0 {
		return fmt.Errorf("--timeout %s: use a time above 0, such as 30s", r.Timeout)
	}
	if err := errors.Join(r.Output.Check(), r.Facts.check(), r.InCluster.check(r)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(parent, r.Timeout, timeoutError(r.Timeout))
	defer cancel()
	r.Source.In, r.Source.Secrets = streams.In, streams.Secrets
	progress := newProgress(streams.Err)
	defer progress.done()
	r.Source.Say = progress.say
	gathered, err := r.evidence(ctx, progress)
	if err != nil {
		return err
	}
	progress.done()
	if r.Facts.Out != "" && context.Cause(ctx) == nil {
		if err := writeFacts(r.Facts.Out, gathered, streams); err != nil {
			return err
		}
	}
	return r.judge(ctx, streams, gathered)
}

// evidence is what is to be judged: gathered, or from a file.
func (r Request) evidence(ctx context.Context, progress *progress) (*facts.Facts, error) {
	if r.Facts.In == "" {
		return r.gather(ctx, progress)
	}
	found, err := readFacts(ctx, r.Facts.In, r.Source.In)
	if err == nil && found.Deployment != nil && r.Source.CoderVersion != "" {
		err = fmt.Errorf("--coder-version: %s says which version of Coder it is about: leave it out", r.Facts.In)
	}
	return found, err
}

// gather reads the description of the replicas, then asks the databases side by
// side.
func (r Request) gather(ctx context.Context, progress *progress) (*facts.Facts, error) {
	key := digest.NewKey()
	out := &facts.Facts{Now: time.Now()}
	urls, err := r.Database.given(ctx, r.Source.Say)
	if err != nil {
		return nil, err
	}
	for _, url := range urls {
		url.Learn(r.Source.Secrets)
	}
	asked := asking{Database: r.Database, urls: urls, given: len(urls) > 0}
	r.Source.ResolveURL = !asked.given
	if r.Probe && !r.Source.Hosts.Named() {
		return nil, errProbe
	}
	var described *source.Description
	switch {
	case r.DatabaseOnly && !r.Source.Named() && !asked.given:
		return nil, errNoURL
	case r.DatabaseOnly && !r.Source.Named():
		out.Lacks(facts.Replicas, facts.Gap{Reason: "only the database was asked"})
	default:
		progress.wait("reading the replicas")
		described, err = within(ctx, func() (*source.Description, error) { return r.Source.Describe(ctx, key) })
		if err != nil {
			return nil, err
		}
		out.Deployment = described.Deployment
		asked.add(described, out)
		if r.Source.Live != nil {
			progress.wait("asking the cluster")
			if err := r.askCluster(ctx, described, out); err != nil {
				return nil, err
			}
		}
		if r.InCluster.On && !asked.given {
			// The replicas' own database is asked from where they will be.
			asked.urls = nil
		}
	}
	if r.Probe {
		progress.wait("asking the replicas")
		guard.Doing("asking the replicas")
		askReplicas(ctx, out)
	}
	progress.wait("asking the database")
	guard.Doing("asking the database")
	take := func() {}
	var wg sync.WaitGroup
	if r.Source.Live != nil {
		progress.wait("asking the database and each coderd")
		ask := r.askCoder(out)
		wg.Go(func() { take = ask(ctx) })
	}
	asked.probe(ctx, key, out)
	wg.Wait()
	take()
	if r.InCluster.On {
		r.rehearse(ctx, described, key, out, progress)
	}
	return out, nil
}

// judge judges the evidence and writes the report.
func (r Request) judge(ctx context.Context, streams Streams, found *facts.Facts) error {
	if found.Deployment == nil {
		r.Judging.Plan.Version = coder.ParseVersion(r.Source.CoderVersion)
	}
	guard.Doing("judging")
	suppressed, err := r.suppressed(ctx, found, streams)
	if err != nil {
		return err
	}
	c := &check.Case{Facts: found, Settings: r.Judging.Settings}
	out := report.Of(c, check.Judge(checks.All(), c, suppressed))
	out.Strict, out.FailOn, out.RefusalFails = r.Judging.Strict, r.Judging.FailOn, !r.DatabaseOnly
	cause := context.Cause(ctx)
	if cause != nil {
		out.Incomplete = cause.Error()
	}
	if r.DatabaseOnly {
		out.Pages = found.Postgres
	}
	if err := r.Output.Write(streams.Out, out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if r.Output.Format == "" {
		for _, f := range r.Output.Files {
			streams.Say(f.Path + " is written")
		}
	}
	switch {
	case cause != nil:
		return cause
	case out.Fails():
		return ErrFindings
	case found.Deployment != nil && found.Deployment.Refusal != "" && !r.DatabaseOnly:
		// No check knows the reason, and yet the install would not begin.
		return source.RefusalError(found.Deployment.Refusal)
	}
	return nil
}

// within does work that takes no notice of its context, such as reading standard
// input or downloading a chart, and leaves it behind when the context ends.
func within[T any](ctx context.Context, work func() (T, error)) (result T, err error) {
	done := make(chan struct{})
	var got T
	var failed error
	go func() {
		defer close(done)
		got, failed = work()
	}()
	select {
	case <-done:
		return got, failed
	case <-ctx.Done():
	}
	select {
	case <-done:
		return got, failed
	case <-time.After(lastWords):
		return result, context.Cause(ctx)
	}
}

// lastWords is how long work may take to say what it waited for.
const lastWords = 50 * time.Millisecond
