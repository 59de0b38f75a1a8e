package cli

import (
	"context"
	"fmt"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// judge runs the checks over the facts, writes the report, and returns
// errFindings if it fails the run, or why the run ended early. The inputs are the
// files that were read.
func judge(ctx context.Context, streams Streams, output outputFlags, found *check.Case, inputs []string) error {
	suppressed, err := suppressions(output.skip, inputs, found, streams)
	if err != nil {
		return err
	}
	out := report.Report{
		Outcomes: check.Judge(checks.All(), found, suppressed),
		Postgres: describePostgres(found),
		Strict:   output.strict,
		FailOn:   output.failOn,
	}
	if found.Deployment != nil {
		out.Deployment = describe(found.Deployment)
		if asked := found.Deployment.Lookups; asked != nil {
			hide(&out, asked.Secrets)
		}
	}
	cause := context.Cause(ctx)
	if cause != nil {
		out.Incomplete = cause.Error()
	}
	if err := output.write(streams.Out, out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	switch {
	case cause != nil:
		return cause
	case out.Fails():
		return errFindings
	}
	return nil
}
