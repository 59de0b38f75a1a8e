package cli

import (
	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// outputFlags say how the report is written and what fails the run.
type outputFlags struct {
	report.Output
	color  *string
	failOn string
	strict bool
	skip   []string
}

func (o *outputFlags) add(cmd *cobra.Command, color *string) {
	o.color = color
	f := cmd.Flags()
	addOutputs(cmd, &o.Output)
	addEnum(cmd, f, &o.failOn, enum{name: "fail-on", value: "error", allowed: []string{"error", "warning", "info"}, usage: "exit 1 on findings of at least this severity"})
	f.BoolVar(&o.Verbose, "verbose", false, "show every check on a line of its own, with the ids of those that were skipped")
	f.BoolVar(&o.strict, "strict", false, "exit 1 also if a check of severity error could not be verified")
	f.StringSliceVar(&o.skip, "skip", nil, "leave out the checks with these ids; the report lists them as suppressed")
	register(cmd, "skip", completeIDs)
}

// into hands what the flags say to a request.
func (o *outputFlags) into(r *run.Request) error {
	severity, err := check.ParseSeverity(o.failOn)
	if err != nil {
		return err
	}
	r.Output = o.Output
	r.Output.Color = *o.color
	r.Judging.FailOn, r.Judging.Strict, r.Judging.Skip = severity, o.strict, o.skip
	return nil
}
