package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/pgsource"
	"github.com/coder-ha/coder-ha/plugin/internal/pgurl"
	"github.com/coder-ha/coder-ha/plugin/internal/postgres"
)

// postgresFlags say where the database URL comes from.
type postgresFlags struct{ url string }

func (p *postgresFlags) add(f *pflag.FlagSet) {
	f.StringVar(&p.url, "postgres-url", "", "Postgres connection URL to check; CODER_PG_CONNECTION_URL in the environment keeps the password out of the process list")
}

// given is the URL that the user gives to this command.
func (p *postgresFlags) given(streams Streams) *pgsource.Source {
	if p.url != "" {
		if u, err := pgurl.Parse(p.url); err == nil && u.HasPassword {
			fmt.Fprintln(streams.Err, "coder-ha: --postgres-url shows the password in the process list; set CODER_PG_CONNECTION_URL in the environment instead")
		}
		return &pgsource.Source{URL: p.url, Origin: "--postgres-url"}
	}
	if url := os.Getenv(deployment.PostgresURL); url != "" {
		return &pgsource.Source{URL: url, Origin: deployment.PostgresURL + " in the environment"}
	}
	return nil
}

// gather asks the server, and records why it does not where it cannot.
func (p *postgresFlags) gather(ctx context.Context, found *facts.Facts, settings *helmcli.EnvSettings, streams Streams) {
	source, skip := p.given(streams), (*check.Skip)(nil)
	given := source != nil
	if !given {
		if source, skip = pgsource.Find(ctx, found.Deployment, settings.RESTClientGetter()); skip != nil {
			found.PostgresSkip = *skip
			return
		}
	}
	u, err := pgurl.Parse(source.URL)
	if given {
		found.Given = &facts.GivenURL{Origin: source.Origin, URL: u, Err: err}
	}
	switch {
	case err != nil:
		found.PostgresSkip = check.Skip{Reason: source.Origin + " cannot be read: " + err.Error(), Proof: remedyOf(err)}
		return
	case len(u.Hosts) > 1:
		found.PostgresSkip = check.Skip{Reason: source.Origin + " names several hosts", Proof: "name the one endpoint that leads to the primary"}
		return
	}
	auth := ""
	if value := found.Deployment.Replicas[0].Env("CODER_PG_AUTH"); value.Set() {
		auth = value.String()
	}
	found.Postgres = postgres.Probe(ctx, postgres.Options{URL: u, Origin: source.Origin, InCluster: !given, Auth: auth})
}

func remedyOf(err error) string {
	var wrong *pgurl.Error
	if errors.As(err, &wrong) {
		return wrong.Remedy
	}
	return "write the URL as postgres://USER:PASSWORD@HOST:5432/DATABASE"
}
