package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/postgres"
	"github.com/coder-ha/coder-ha/plugin/internal/source/resolve"
)

// postgresFlags say which database to ask.
type postgresFlags struct {
	urls    []string
	files   []string
	connect time.Duration
}

func (p *postgresFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&p.urls, "postgres-url", nil, "Postgres connection URL (can be repeated, one for each node); other users of this machine see it in the process list")
	f.StringArrayVar(&p.files, "postgres-url-file", nil, "file with a connection URL, not readable by everybody (can be repeated, one for each node)")
	f.DurationVar(&p.connect, "connect-timeout", postgres.DefaultConnectTimeout, "give up connecting to Postgres after this time")
}

// given are the URLs that the user gives to the command itself, in order.
func (p *postgresFlags) given(streams Streams) ([]resolve.Source, error) {
	var out []resolve.Source
	for i, url := range p.urls {
		origin := "--postgres-url"
		if len(p.urls) > 1 {
			origin = fmt.Sprintf("--postgres-url %d", i+1)
		}
		if u, err := pgurl.Parse(url); err != nil || u.HasPassword {
			fmt.Fprintln(streams.Err, "coder-ha: --postgres-url shows the password in the process list: use --postgres-url-file or CODER_PG_CONNECTION_URL in the environment")
		}
		out = append(out, resolve.Source{URL: url, Origin: origin})
	}
	for _, path := range p.files {
		url, err := readURLFile(path)
		if err != nil {
			return nil, err
		}
		out = append(out, resolve.Source{URL: url, Origin: path})
	}
	if url := os.Getenv(coder.PostgresURL); url != "" && len(out) == 0 {
		out = append(out, resolve.Source{URL: url, Origin: coder.PostgresURL + " in the environment"})
	}
	return out, nil
}

// errNoURL says that there is neither a URL nor a deployment to take it from.
var errNoURL = errors.New("no database URL: give --postgres-url-file FILE, set " + coder.PostgresURL + ", or name the chart or manifests that have it")

// gather asks the servers side by side, and records why it does not where it
// cannot. A URL that coderd could not use is not asked.
func (p *postgresFlags) gather(ctx context.Context, found *check.Case, settings *helmcli.EnvSettings, streams Streams, auth string) error {
	key := digest.NewKey()
	if found.Deployment != nil {
		defer found.Deployment.Seal(key)
	}
	sources, err := p.given(streams)
	if err != nil {
		return err
	}
	given := len(sources) > 0
	switch {
	case given:
	case found.Deployment == nil:
		return errNoURL
	default:
		source, gap := resolve.Find(ctx, found.Deployment, settings.RESTClientGetter())
		if gap != nil {
			found.Lacks(facts.Database, *gap)
			return nil
		}
		sources = []resolve.Source{*source}
	}
	if auth == "" && found.Deployment != nil {
		if text, literal := found.Deployment.Replicas[0].Env(coder.PostgresAuth).Text.Literal(); literal {
			auth = text
		}
	}
	all := make([]*pgfacts.Facts, len(sources))
	var wg sync.WaitGroup
	for i, source := range sources {
		u, err := pgurl.Parse(source.URL)
		if given {
			found.Given = append(found.Given, facts.GivenURL{Origin: source.Origin, Summary: pgurl.Summarize(source.URL, key)})
		}
		if err != nil || len(u.Hosts) > 1 {
			continue
		}
		wg.Go(func() {
			all[i] = postgres.Probe(ctx, postgres.Options{URL: u, Origin: source.Origin, InCluster: !given, Auth: auth, ConnectTimeout: p.connect})
		})
	}
	wg.Wait()
	for _, f := range all {
		if f != nil {
			found.Postgres = append(found.Postgres, facts.Postgres{Position: facts.ThisMachine, Facts: f})
		}
	}
	if len(found.Postgres) == 0 {
		found.Lacks(facts.Database, facts.Gap{
			Reason: sources[0].Origin + " cannot be used, see postgres-url-invalid and postgres-url-multihost",
			Proof:  "give a URL that coderd can use",
		})
	}
	return nil
}
