package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

// outputFlags say how the report is written and what fails the run.
type outputFlags struct {
	*globals
	format  string
	verbose bool
	strict  bool
	skip    []string
	failOn  check.Severity

	failOnName string
}

func (o *outputFlags) add(cmd *cobra.Command, g *globals) {
	o.globals = g
	f := cmd.Flags()
	f.StringVarP(&o.format, "output", "o", "text", "format of the report: text or json")
	f.BoolVar(&o.verbose, "verbose", false, "show each check that does not apply on a line of its own")
	f.StringVar(&o.failOnName, "fail-on", "error", "exit with 1 from this severity on: error, warning or info")
	f.BoolVar(&o.strict, "strict", false, "exit with 1 too if a check of severity error could not be proved")
	f.StringSliceVar(&o.skip, "skip", nil, "leave out the checks with these ids; they are listed as suppressed")
	fixed := func(words ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	}
	register(cmd, "output", fixed(report.Formats()...))
	register(cmd, "fail-on", fixed("error", "warning", "info"))
	register(cmd, "skip", completeIDs)
}

// check reads the flags that are words, before any work is done.
func (o *outputFlags) check() error {
	severity, err := check.ParseSeverity(o.failOnName)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	o.failOn = severity
	if o.color != "auto" && o.color != "always" && o.color != "never" {
		return fmt.Errorf("--color %q: use auto, always or never", o.color)
	}
	_, err = report.New(o.format, report.Style{})
	return err
}

func (o *outputFlags) write(w io.Writer, r report.Report) error {
	writer, err := report.New(o.format, report.Style{Color: o.colored(w), Verbose: o.verbose})
	if err != nil {
		return err
	}
	return writer.Write(w, r)
}

// colored says whether the report has color: as asked, else on a terminal,
// unless NO_COLOR (https://no-color.org) or TERM=dumb say otherwise.
func (o *outputFlags) colored(w io.Writer) bool {
	switch o.color {
	case "always":
		return true
	case "never":
		return false
	}
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// describe is the model as reports show it.
func describe(d *deployment.Deployment) report.Deployment {
	out := report.Deployment{Source: d.Source, Refusal: d.Refusal}
	if d.Version.Known() {
		out.CoderVersion = d.Version.String()
	}
	for _, w := range d.Workloads {
		out.Workloads = append(out.Workloads, w.Kind+" "+w.Namespace+"/"+w.Name)
	}
	for _, r := range d.Replicas {
		show := func(v deployment.Value) string {
			if v.State == deployment.Missing {
				return ""
			}
			return v.String()
		}
		out.Replicas = append(out.Replicas, report.Replica{
			Name: r.Name, RelayURL: show(r.Env(coder.RelayURL)), AccessURL: show(r.Env(coder.AccessURL)),
			ClusterHost: show(r.EffectiveClusterHost()), HTTPAddress: show(r.Address(coder.HTTPAddress)),
		})
	}
	return out
}

// describePostgres is what the servers said, as reports show it; nil where none
// was asked.
func describePostgres(found *check.Case) *report.Postgres {
	if len(found.Postgres) == 0 {
		return nil
	}
	f := found.Postgres[0].Facts
	out := &report.Postgres{Reachable: f.FailedStep == "" && f.Server != nil}
	for _, p := range found.Postgres {
		out.Facts = append(out.Facts, p.Facts)
	}
	if f.Server != nil {
		out.ServerVersion = f.Server.Version
	}
	if l := f.Latency; l != nil {
		out.Latency = &report.Latency{
			Min: milliseconds(l.Min), Median: milliseconds(l.Median), P95: milliseconds(l.P95),
			Jitter: milliseconds(l.Jitter), Samples: len(l.Samples),
		}
	}
	return out
}

// milliseconds is a duration for JSON, to the microsecond.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
