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
	// Repeat says whether what runs is looked at more than once.
	Repeat Repeat
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
	if err := errors.Join(r.Output.Check(), r.Facts.check(), r.InCluster.check(r), r.Repeat.check()); err != nil {
		return err
	}
	r.Source.In, r.Source.Secrets = streams.In, streams.Secrets
	progress := newProgress(streams.Err)
	defer progress.done()
	r.Source.Say = progress.once
	if r.Repeat.Watch {
		return r.watch(parent, streams, progress)
	}
	ctx, cancel := context.WithTimeoutCause(parent, r.Timeout, timeoutError(r.Timeout))
	defer cancel()
	if r.Repeat.Wait {
		return r.wait(ctx, streams, progress)
	}
	out, found, err := r.look(ctx, streams, progress)
	if err != nil {
		return err
	}
	if err := r.write(streams, out, found); err != nil || out.Incomplete == "" {
		return err
	}
	return context.Cause(ctx)
}

// look gathers once, and judges what was gathered.
func (r Request) look(ctx context.Context, streams Streams, progress *progress) (report.Report, *facts.Facts, error) {
	found, err := r.evidence(ctx, progress)
	if err != nil {
		return report.Report{}, nil, err
	}
	progress.done()
	if r.Facts.Out != "" && context.Cause(ctx) == nil {
		if err := writeFacts(r.Facts.Out, found, streams); err != nil {
			return report.Report{}, nil, err
		}
	}
	out, err := r.judge(ctx, streams, found)
	return out, found, err
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
	switch {
	case r.InCluster.On && r.Source.Live != nil:
		r.askBeside(ctx, described, key, out, progress)
	case r.InCluster.On:
		r.rehearse(ctx, described, key, out, progress)
	}
	return out, nil
}

// judge judges the evidence.
func (r Request) judge(ctx context.Context, streams Streams, found *facts.Facts) (out report.Report, err error) {
	if found.Deployment == nil {
		r.Judging.Plan.Version = coder.ParseVersion(r.Source.CoderVersion)
	}
	guard.Doing("judging")
	suppressed, err := r.suppressed(ctx, found, streams)
	if err != nil {
		return out, err
	}
	c := &check.Case{Facts: found, Settings: r.Judging.Settings}
	out = report.Of(c, check.Judge(checks.All(), c, suppressed))
	out.Strict, out.FailOn, out.RefusalFails = r.Judging.Strict, r.Judging.FailOn, !r.DatabaseOnly
	if cause := context.Cause(ctx); cause != nil {
		out.Incomplete = cause.Error()
	}
	if r.DatabaseOnly {
		out.Pages = found.Postgres
	}
	return out, nil
}

// write writes the report. What ended the run early is not for it to return.
func (r Request) write(streams Streams, out report.Report, found *facts.Facts) error {
	if err := r.Output.Write(streams.Out, out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if r.Output.Format == "" {
		for _, f := range r.Output.Files {
			streams.Say(f.Path + " is written")
		}
	}
	switch {
	case out.Incomplete != "":
		return nil
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
