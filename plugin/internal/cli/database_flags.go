package cli

import (
	"github.com/spf13/pflag"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// addDatabase adds the flags that say which database to ask.
func addDatabase(f *pflag.FlagSet, d *run.Database) {
	f.StringArrayVar(&d.URLs, "postgres-url", nil, "Postgres connection URL (can be repeated, once for each node); other users of this machine can see it in the process list")
	f.StringArrayVar(&d.Files, "postgres-url-file", nil, "file with a connection URL that not everyone can read (can be repeated, once for each node)")
	d.ConnectTimeout = run.DefaultConnectTimeout
	addTime(f, &d.ConnectTimeout, "connect-timeout", "give up connecting to Postgres after this time")
}
