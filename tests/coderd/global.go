package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/coder/serpent"
	"github.com/spf13/pflag"
)

// minor is the minor version of the Coder that this program is built with.
var minor = func() int {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(module.Version, "v2."), "%d.", &n); module.Path == "github.com/coder/coder/v2" && err == nil {
			return n
		}
	}
	panic("built without github.com/coder/coder/v2")
}()

// serverCommands are the commands below `coder server`, by the pages of
// docs/reference/cli in Coder's module.
func serverCommands() []string {
	names := []string{"create-admin-user", "dbcrypt", "postgres-builtin-serve", "postgres-builtin-url"}
	if minor >= 36 {
		names = append(names, "fix-oidc-links")
	}
	return names
}

// globals are the options of `coder` itself, by Coder's cli/root.go, with the
// oldest version read that has each. Importing the package would compile all of
// coderd.
var globals = []struct {
	since                     int
	flag, shorthand, variable string
	value                     func() pflag.Value
}{
	{20, "url", "", "CODER_URL", newURL},
	{20, "token", "", "CODER_SESSION_TOKEN", newText},
	{20, "agent-token", "", "CODER_AGENT_TOKEN", newText},
	{20, "agent-token-file", "", "CODER_AGENT_TOKEN_FILE", newText},
	{20, "agent-url", "", "CODER_AGENT_URL", newURL},
	{29, "auth", "", "CODER_AGENT_AUTH", newText},
	{36, "agent-name", "", "CODER_AGENT_NAME", newText},
	{20, "no-version-warning", "", "CODER_NO_VERSION_WARNING", newBool},
	{20, "no-feature-warning", "", "CODER_NO_FEATURE_WARNING", newBool},
	{20, "header", "", "CODER_HEADER", newList},
	{20, "header-command", "", "CODER_HEADER_COMMAND", newText},
	{20, "no-open", "", "CODER_NO_OPEN", newBool},
	{20, "force-tty", "", "CODER_FORCE_TTY", newBool},
	{20, "verbose", "v", "CODER_VERBOSE", newBool},
	{20, "disable-direct-connections", "", "CODER_DISABLE_DIRECT_CONNECTIONS", newBool},
	{20, "disable-network-telemetry", "", "CODER_DISABLE_NETWORK_TELEMETRY", newBool},
	{36, "client-tls-ca-file", "", "CODER_CLIENT_TLS_CA_FILE", newText},
	{36, "client-tls-cert-file", "", "CODER_CLIENT_TLS_CERT_FILE", newText},
	{36, "client-tls-key-file", "", "CODER_CLIENT_TLS_KEY_FILE", newText},
	{29, "use-keyring", "", "CODER_USE_KEYRING", newBool},
	{20, "debug-http", "", "", newBool},
	{20, "global-config", "", "CODER_CONFIG_DIR", newText},
	{20, "version", "", "", newBool},
}

// globalOptions are the options of `coder` itself.
func globalOptions(debugOptions *bool) serpent.OptionSet {
	options := serpent.OptionSet{{Flag: "debug-options", Value: serpent.BoolOf(debugOptions)}}
	for _, g := range globals {
		if minor >= g.since {
			options = append(options, serpent.Option{Flag: g.flag, FlagShorthand: g.shorthand, Env: g.variable, Value: g.value()})
		}
	}
	return options
}

func newURL() pflag.Value  { return new(serpent.URL) }
func newText() pflag.Value { return new(serpent.String) }
func newBool() pflag.Value { return new(serpent.Bool) }
func newList() pflag.Value { return new(serpent.StringArray) }
