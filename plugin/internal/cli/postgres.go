package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/checks"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgsource"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/postgres"
	"github.com/coder-ha/coder-ha/plugin/internal/report"
)

const postgresLong = `Ask the database what Coder's replicas will meet on it.

The URL comes from the first of: --postgres-url and --postgres-url-file, and
CODER_PG_CONNECTION_URL in the environment. Several URLs, one for each node, are
asked side by side and compared.

The probe opens at most two connections to a database, writes nothing, and takes
back the LISTEN with which it tries pubsub. Run it from where the replicas will
run: the latency is that of the machine it runs on.

Exit codes: 0 nothing found at or above --fail-on, 1 something found, 2 the work
could not be done, 124 timed out, 130 interrupted.`

const postgresExample = `  # the URL from a file that only you can read
  helm coder-ha postgres --postgres-url-file ./url --replicas 3

  # the URL from the environment
  CODER_PG_CONNECTION_URL="$(kubectl -n coder get secret coder-db-url -o jsonpath='{.data.url}' | base64 -d)" \
    helm coder-ha postgres --replicas 5 --coder-version 2.35

  # in CI
  helm coder-ha postgres --postgres-url-file ./url -o json > postgres.json`

// postgresCommand is the state of one run of the command.
type postgresCommand struct {
	streams Streams
	output  outputFlags
	urls    []string
	files   []string
	auth    string
	plan    facts.Plan
	limits  facts.Limits
	connect time.Duration
	timeout time.Duration
	skip    []string
}

func newPostgres(streams Streams) *cobra.Command {
	p := &postgresCommand{streams: streams, limits: facts.DefaultLimits()}
	cmd := &cobra.Command{
		Use:               "postgres",
		Short:             "Ask the database what Coder's replicas will meet on it",
		Long:              postgresLong,
		Example:           postgresExample,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.run(cmd.Context()) },
	}
	f := cmd.Flags()
	p.output.add(cmd)
	f.StringArrayVar(&p.urls, "postgres-url", nil, "connection URL (can be repeated, one for each node); other users of this machine see it in the process list")
	f.StringArrayVar(&p.files, "postgres-url-file", nil, "file with a connection URL, readable by you alone (can be repeated, one for each node)")
	f.StringVar(&p.auth, "postgres-auth", postgres.AuthPassword, "what CODER_PG_AUTH is: password or awsiamrds")
	f.IntVar(&p.plan.Replicas, "replicas", 3, "how many replicas there will be, with those of a rolling update")
	f.StringVar(&p.plan.Version, "coder-version", "", "version of Coder to be installed, to compare with the schema")
	f.DurationVar(&p.connect, "connect-timeout", postgres.DefaultConnectTimeout, "give up connecting after this time")
	f.DurationVar(&p.timeout, "timeout", defaultTimeout, "end the whole run after this time")
	f.StringSliceVar(&p.skip, "skip", nil, "leave out the checks with these ids; they are listed as suppressed")
	addPostgresLimits(f, &p.limits.Postgres)
	register(cmd, "skip", completeIDs)
	register(cmd, "postgres-auth", cobra.FixedCompletions([]string{postgres.AuthPassword, postgres.AuthAWSIAM}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p *postgresCommand) run(parent context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	sources, err := p.sources()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(parent, p.timeout, timeoutError(p.timeout))
	defer cancel()
	found := &facts.Facts{Now: time.Now(), Limits: p.limits, Plan: p.plan}
	p.gather(ctx, found, sources)
	return p.report(ctx, found)
}

// check reads the flags that need it, before any work is done.
func (p *postgresCommand) check() error {
	if p.auth != postgres.AuthPassword && p.auth != postgres.AuthAWSIAM {
		return fmt.Errorf("--postgres-auth %q: use %s or %s", p.auth, postgres.AuthPassword, postgres.AuthAWSIAM)
	}
	if p.plan.Replicas < 1 {
		return fmt.Errorf("--replicas %d: use 1 or more", p.plan.Replicas)
	}
	return p.output.check()
}

// sources are the URLs to ask, in the order in which they were given.
func (p *postgresCommand) sources() ([]pgsource.Source, error) {
	var out []pgsource.Source
	for i, url := range p.urls {
		origin := "--postgres-url"
		if len(p.urls) > 1 {
			origin = fmt.Sprintf("--postgres-url %d", i+1)
		}
		if u, err := pgurl.Parse(url); err != nil || u.HasPassword {
			fmt.Fprintln(p.streams.Err, "coder-ha: --postgres-url shows the password in the process list: use --postgres-url-file or CODER_PG_CONNECTION_URL in the environment")
		}
		out = append(out, pgsource.Source{URL: url, Origin: origin})
	}
	for _, path := range p.files {
		url, err := readURLFile(path)
		if err != nil {
			return nil, err
		}
		out = append(out, pgsource.Source{URL: url, Origin: path})
	}
	if url := os.Getenv(deployment.PostgresURL); url != "" && len(out) == 0 {
		out = append(out, pgsource.Source{URL: url, Origin: deployment.PostgresURL + " in the environment"})
	}
	if len(out) == 0 {
		return nil, errors.New("no database URL: give --postgres-url-file FILE, or set " + deployment.PostgresURL)
	}
	return out, nil
}

// gather asks all servers side by side. A URL that cannot be read, or that
// coderd could not use, is not asked.
func (p *postgresCommand) gather(ctx context.Context, found *facts.Facts, sources []pgsource.Source) {
	all := make([]*postgres.Facts, len(sources))
	var wg sync.WaitGroup
	for i, source := range sources {
		u, err := pgurl.Parse(source.URL)
		if found.Given == nil || found.Given.Err == nil && err != nil {
			found.Given = &facts.GivenURL{Origin: source.Origin, URL: u, Err: err}
		}
		if err != nil || len(u.Hosts) > 1 {
			continue
		}
		wg.Go(func() {
			all[i] = postgres.Probe(ctx, postgres.Options{URL: u, Origin: source.Origin, Auth: p.auth, ConnectTimeout: p.connect})
		})
	}
	wg.Wait()
	all = slices.DeleteFunc(all, func(f *postgres.Facts) bool { return f == nil })
	if len(all) == 0 {
		found.PostgresSkip = check.Skip{Reason: "the URL cannot be used, see postgres-url-invalid and postgres-url-multihost", Proof: "give a URL that coderd can use"}
		return
	}
	found.Postgres, found.PostgresOthers = all[0], all[1:]
}

// report judges the facts and writes the page of facts and the report.
func (p *postgresCommand) report(ctx context.Context, found *facts.Facts) error {
	suppressed := map[string]string{}
	for _, id := range p.skip {
		if !slices.ContainsFunc(checks.All(), func(c checks.Check) bool { return c.ID == id }) {
			fmt.Fprintf(p.streams.Err, "coder-ha: --skip %s: there is no such check\n", id)
		}
		suppressed[id] = "--skip"
	}
	out := report.Report{
		Outcomes: check.Run(append(checks.GivenURLChecks(), checks.PostgresChecks()...), found, suppressed),
		Postgres: postgresReport(found),
		Strict:   p.output.strict,
		FailOn:   p.output.failOn,
	}
	if cause := context.Cause(ctx); cause != nil {
		out.Incomplete = cause.Error()
	}
	if p.output.format == "text" {
		for _, f := range append([]*postgres.Facts{found.Postgres}, found.PostgresOthers...) {
			if f != nil {
				writePostgresPage(p.streams.Out, f)
			}
		}
	}
	if err := p.output.write(p.streams.Out, out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	switch {
	case context.Cause(ctx) != nil:
		return context.Cause(ctx)
	case out.Fails():
		return errFindings
	}
	return nil
}

// postgresReport is what the servers said, as reports show it; nil where none
// was asked.
func postgresReport(found *facts.Facts) *report.Postgres {
	f := found.Postgres
	if f == nil {
		return nil
	}
	out := &report.Postgres{Reachable: f.FailedStep == "" && f.Server != nil, Facts: append([]*postgres.Facts{f}, found.PostgresOthers...)}
	if f.Server != nil {
		out.ServerVersion = f.Server.Version
	}
	if l := f.Latency; l != nil {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		out.Latency = &report.Latency{Min: ms(l.Min), Median: ms(l.Median), P95: ms(l.P95), Jitter: ms(l.Jitter), Samples: len(l.Samples)}
	}
	return out
}
