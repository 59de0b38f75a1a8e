package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/inject"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// Inject is what a user asks of the command that writes into manifests.
type Inject struct {
	// Files are files and folders with manifests, "-" for standard input.
	Files    []string
	Settings *Settings
	// Workloads, CoderVersion and PodIPFamily are those of kube.Options.
	Workloads    []string
	CoderVersion string
	PodIPFamily  string
	// Force replaces what is wrong.
	Force bool
	// Check and Diff write no manifests, but what would change; Check also fails
	// the run where something would.
	Check, Diff bool
	// InPlace writes into the files that were read, Out into another file or
	// folder; with neither of them the manifests go to standard output.
	InPlace bool
	Out     string
}

// Do reads the manifests, adds what they lack, and writes them. It returns
// ErrFindings where something stays wrong, and then writes nothing.
func (r Inject) Do(ctx context.Context, streams Streams) error {
	files, err := r.read(ctx, streams.In)
	if err != nil {
		return err
	}
	opts := kube.Options{Namespace: r.Settings.Namespace(), Workloads: r.Workloads, CoderVersion: r.CoderVersion, PodIPFamily: r.PodIPFamily}
	result, err := r.inject(files, opts, streams)
	if err != nil {
		return err
	}
	after := result.input.Files()
	if result.wrong() {
		if err := result.asIn(files, opts); err != nil {
			return err
		}
	}
	result.say(streams)
	if r.Check || r.Diff {
		if err := writeDiff(streams.Out, files, after); err != nil {
			return err
		}
	}
	switch {
	case result.wrong():
		streams.Say("nothing is written: " + result.advice(r.Force))
		return ErrFindings
	case r.Check && len(result.changes) > 0:
		return ErrFindings
	case r.Check || r.Diff:
		return nil
	default:
		return r.write(streams.Product, files, after)
	}
}

// injected is the result of a run.
type injected struct {
	input *inject.Input
	// changes say what was done, outcomes what is to be said of the result.
	changes  []string
	outcomes []check.Outcome
}

// rounds bounds how often what is wrong is replaced: the pod's address, and then
// the values that are made of it.
const rounds = 2

// inject adds what is missing and, if it is asked to, replaces what is wrong.
func (r Inject) inject(files []inject.File, opts kube.Options, streams Streams) (*injected, error) {
	in, err := inject.Read(files, opts)
	if err != nil {
		return nil, err
	}
	hideValues(in.Deployment, streams)
	out := &injected{input: in}
	apply := func(plan inject.Plan, err error) error {
		if err != nil || !plan.Changed() {
			return err
		}
		out.changes = append(out.changes, plan.Changes...)
		out.input, err = out.input.Apply(plan)
		return err
	}
	if err := apply(in.Complete(r.Force)); err != nil {
		return nil, err
	}
	for round := 0; ; round++ {
		if out.outcomes, err = judgeInjected(out.input); err != nil {
			return nil, err
		}
		wrong := wrongValues(out.input.Deployment, out.outcomes)
		if !r.Force || round == rounds || !slices.ContainsFunc(wrong, isWrong) {
			return out, nil
		}
		if err := apply(out.input.Correct(wrong)); err != nil {
			return nil, err
		}
	}
}

// hideValues makes the values known that may be secrets: a diff shows lines around
// the change.
func hideValues(d *deployment.Deployment, streams Streams) {
	for _, replica := range d.Representatives() {
		for name, value := range replica.Variables {
			if text, literal := value.Text.Literal(); literal && (value.FromSecret || !coder.Reads(name)) {
				streams.Secrets.AddWhole(text)
			}
		}
	}
}

// asIn turns what is wrong to the lines of the files that were read: nothing else is
// written.
func (i *injected) asIn(files []inject.File, opts kube.Options) error {
	i.changes = nil
	in, err := inject.Read(files, opts)
	if err != nil {
		return err
	}
	i.outcomes, err = stillWrong(in, i.outcomes)
	return err
}

// wrong says whether a finding is an error.
func (i *injected) wrong() bool {
	for _, o := range i.outcomes {
		if worst, found := o.Worst(); found && worst >= check.Error {
			return true
		}
	}
	return false
}

// advice says what to do about what is wrong.
func (i *injected) advice(forced bool) string {
	if !forced && slices.ContainsFunc(wrongValues(i.input.Deployment, i.outcomes), isWrong) {
		return "correct it yourself, or replace the value with --force"
	}
	return "correct it yourself"
}

// say tells what was done, and what is wrong.
func (i *injected) say(streams Streams) {
	if len(i.changes) == 0 && !i.wrong() {
		streams.Say("nothing to change")
	}
	for _, change := range i.changes {
		streams.Say(change)
	}
	for _, o := range i.outcomes {
		for _, f := range o.Findings {
			sentence := fmt.Sprintf("%s: %s: %s", where(f.Subject), o.ID, f.Message)
			if f.Remedy != "" && !strings.Contains(f.Remedy, "\n") {
				sentence += ": " + f.Remedy
			}
			streams.Say(sentence)
		}
		if o.Unproven() && len(i.changes) > 0 {
			streams.Say(fmt.Sprintf("not verified: %s: %s: %s", o.Title, o.Skip.Reason, o.Skip.Proof))
		}
	}
}

// where says where a finding is.
func where(s check.Subject) string {
	object := s.Kind + " " + s.Namespace + "/" + s.Name
	if s.File == "" {
		return object
	}
	return fmt.Sprintf("%s:%d: %s", s.File, s.Line, object)
}

// writeDiff writes what differs, file by file.
func writeDiff(w io.Writer, before, after []inject.File) error {
	for i, f := range before {
		text := string(diff.Diff(f.Name, f.Bytes, f.Name, after[i].Bytes))
		// The first line repeats the two that follow.
		_, text, _ = strings.Cut(text, "\n")
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("write the difference: %w", err)
		}
	}
	return nil
}

var errInPlace = errors.New("-i needs files: standard input cannot be written back")
