package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/digest"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/probe/postgres"
	"github.com/coder-ha/coder-ha/plugin/internal/source"
	"github.com/coder-ha/coder-ha/plugin/internal/source/resolve"
)

// Database says which database to ask, and how.
type Database struct {
	// URLs are connection URLs, Files hold one each.
	URLs  []string
	Files []string
	// Auth is CODER_PG_AUTH; empty for what the replicas have.
	Auth string
	// ConnectTimeout bounds everything up to an open session.
	ConnectTimeout time.Duration
}

// DefaultConnectTimeout is the ConnectTimeout without a flag.
const DefaultConnectTimeout = postgres.DefaultConnectTimeout

// errNoURL says that there is neither a URL nor a deployment to take it from.
var errNoURL = errors.New("no database URL: set --postgres-url-file FILE or " + coder.PostgresURL + ", or name the chart or manifests that have it")

// given are the URLs that the user gives to the command itself, in order.
func (d Database) given(ctx context.Context, say func(string)) ([]resolve.URL, error) {
	var out []resolve.URL
	for i, url := range d.URLs {
		origin := "--postgres-url"
		if len(d.URLs) > 1 {
			origin = fmt.Sprintf("--postgres-url %d", i+1)
		}
		if u, err := pgurl.Parse(url); err != nil || u.HasPassword {
			say("--postgres-url shows the password in the process list: use --postgres-url-file or CODER_PG_CONNECTION_URL in the environment")
		}
		out = append(out, resolve.URL{Text: url, Origin: origin})
	}
	for _, path := range d.Files {
		url, err := readURLFile(ctx, path)
		if err != nil {
			return nil, err
		}
		out = append(out, resolve.URL{Text: url, Origin: path})
	}
	if url := os.Getenv(coder.PostgresURL); url != "" && len(out) == 0 {
		out = append(out, resolve.URL{Text: url, Origin: coder.PostgresURL + " in the environment"})
	}
	return out, nil
}

// asking is what is asked of which databases.
type asking struct {
	Database
	urls []resolve.URL
	// given says that the URLs come from the user, not from the replicas.
	given bool
}

// add takes from the description what the user did not say.
func (a *asking) add(d *source.Description, into *facts.Facts) {
	if a.Auth == "" {
		a.Auth = d.PostgresAuth
	}
	switch {
	case a.given:
	case d.Gap != nil:
		into.Lacks(facts.Database, *d.Gap)
	default:
		a.urls = d.URLs
	}
}

// probe asks the databases side by side. A URL that coderd could not use is not
// asked.
func (a *asking) probe(ctx context.Context, key digest.Key, into *facts.Facts) {
	all := make([]*pgfacts.Facts, len(a.urls))
	var wg sync.WaitGroup
	for i, url := range a.urls {
		u, err := pgurl.Parse(url.Text)
		if a.given {
			into.Given = append(into.Given, facts.GivenURL{Origin: url.Origin, Summary: pgurl.Summarize(url.Text, key)})
		}
		if err != nil || len(u.Hosts) > 1 {
			continue
		}
		wg.Go(func() {
			all[i] = postgres.Probe(ctx, postgres.Options{
				URL: u, Origin: url.Origin, InCluster: !a.given, Auth: a.Auth, ConnectTimeout: a.ConnectTimeout,
			})
		})
	}
	wg.Wait()
	for _, f := range all {
		if f != nil {
			into.Postgres = append(into.Postgres, facts.Postgres{Position: facts.ThisMachine, Facts: f})
		}
	}
	if len(a.urls) > 0 && len(into.Postgres) == 0 {
		into.Lacks(facts.Database, facts.Gap{
			Reason: a.urls[0].Origin + " cannot be used, see postgres-url-invalid and postgres-url-multihost",
			Proof:  "use a URL that coderd can use",
		})
	}
}
