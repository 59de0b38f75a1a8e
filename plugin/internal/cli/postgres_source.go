package cli

import (
	"context"

	"github.com/spf13/pflag"
	helmcli "helm.sh/helm/v3/pkg/cli"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// postgresFlags say where the database URL comes from.
type postgresFlags struct{ url string }

func (p *postgresFlags) add(f *pflag.FlagSet) {
	f.StringVar(&p.url, "postgres-url", "", "Postgres connection URL to check; CODER_PG_CONNECTION_URL in the environment keeps the password out of the process list")
}

func (p *postgresFlags) gather(context.Context, *facts.Facts, *helmcli.EnvSettings, Streams) {}
