package settings

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// on sets a variable of a replica of a version.
func on(version, name string) func(*checktest.World) {
	return func(w *checktest.World) { w.Version(version); w.Set(name, "x") }
}

func unknownCases(_ *testing.T, c *checktest.Cases) {
	c.About("env-unknown",
		checktest.Passes("variables of Coder", nil),
		checktest.Warns("a slip", "Coder does not know CODER_ACESS_URL", on("v2.36.1", "CODER_ACESS_URL")),
		checktest.Warns("a slip in a version that may have more settings", "Coder does not know CODER_ACESS_URL", on("v2.40.0", "CODER_ACESS_URL")),
		checktest.Warns("a name that is not Coder's", "Coder does not know CODER_RELAY_URL", on("v2.36.1", "CODER_RELAY_URL")),
		checktest.Skips("a name that a newer version may have", "CODER_RELAY_URL: Coder 2.40 may have settings", on("v2.40.0", "CODER_RELAY_URL")),
		checktest.Skips("a name that an unknown version may have", "version of Coder is not known", on("main", "CODER_RELAY_URL")),
		checktest.Passes("a setting of another version", on("v2.36.1", "CODER_IN_MEMORY")),
		checktest.Passes("a setting that an older version does not have yet", on("v2.20.0", "CODER_CLUSTER_HOST")),
		checktest.Passes("a numbered one", on("v2.36.1", "CODER_EXTERNAL_AUTH_0_CLIENT_ID")),
		checktest.Passes("one of the client", on("v2.36.1", "CODER_SESSION_TOKEN")),
		checktest.Passes("one of the agent", on("v2.36.1", "CODER_AGENT_LOG_DIR")),
		checktest.Passes("one of another program", on("v2.36.1", "CODERD_RELAY_URL")),
		checktest.Passes("one that another variable is made of", func(w *checktest.World) {
			w.Container().Env = append(w.Container().Env[:0:0], w.Container().Env...)
			w.Unset(coder.PostgresURL)
			on("v2.36.1", "CODER_DB_PASSWORD")(w)
			w.Set(coder.PostgresURL, "postgres://coder:$(CODER_DB_PASSWORD)@db.example.com/coder")
		}),
		checktest.Passes("one that the script takes", func(w *checktest.World) {
			on("v2.36.1", "CODER_EXTRA_HOST")(w)
			w.Container().Command = []string{"sh", "-c", "exec coder server --access-url https://$CODER_EXTRA_HOST"}
		}),
		checktest.Passes("one that another script may take", func(w *checktest.World) {
			on("v2.36.1", "CODER_EXTRA_HOST")(w)
			w.Container().Command = []string{"/entrypoint.sh"}
		}),
		checktest.Warns("a slip in the file of a host", "Coder does not know CODER_ACESS_URL", added("CODER_ACESS_URL=x")),
	)
}
