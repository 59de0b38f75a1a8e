package coder

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Prefix is that of Coder's variables.
const Prefix = "CODER_"

// elsewhere are variables that other parts of Coder read, or set for what they
// start: its client, the agents of workspaces, provisioners and proxies, and the
// commands beside the server (coder/coder cli, agent, enterprise/cli, coderd).
//
// It is compiled for the first variable that is no setting; most deployments have none.
var elsewhere = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^CODER_(?:` + strings.Join([]string{
		`(?:EXTERNAL_AUTH|GITAUTH|AI_GATEWAY_PROVIDER|AIBRIDGE_PROVIDER)_\d+_[A-Z_]+`, `GIT_AUTH_ACCESS_TOKEN_.*`,
		`(?:AGENT|CHAT|CONFIGSSH|CREATE|FIRST_USER|FIX_OIDC_LINKS|MCP|OPEN|PORT_FORWARD|PROC|PROVISIONERD|PROVISIONER_DAEMON|PROVISIONER_JOB_LIST|SCALETEST|SCRIPT|SSH|SUPPORT_BUNDLE|TASK|TEMPLATE|TEST|TOKEN|VPN|WORKSPACE)_.*`,
		`EXTERNAL_TOKEN_ENCRYPTION_(?:DECRYPT_KEYS|ENCRYPT_NEW_KEY|ENCRYPT_OLD_KEYS|POSTGRES_URL)`,
		`PROVISIONER_(?:LIST_.*|SHOW_OFFLINE)`, `PROXY_(?:DERP_ONLY|SESSION_TOKEN)`, `(?:RICH|EPHEMERAL)_PARAMETER.*`, `PROMPT_EPHEMERAL_PARAMETERS`,
		`AI_GATEWAY_(?:HTTP_ADDRESS|KEY|KEY_FILE|TLS_CERT_FILE|TLS_KEY_FILE)`, `CONTAINER(?:_USER)?`,
		`AVATAR_URL|BUILD_OPTION|DISPLAY_NAME|DOTFILES_REPO_DIR|EMAIL|GO_TRACE|MAGICSOCK_DEBUG_LOGGING|ORGANIZATION|PASSWORD`,
		`PG_CONNECTION_AUTH|PRESET_NAME|PRIMARY_ACCESS_URL|SYMLINK_DIR|TELEMETRY_INSTALL_SOURCE|TLS_REDIRECT_HTTP|USERNAME`,
		// Kubernetes makes these for a Service with the name coder.
		`SERVICE_(?:HOST|PORT.*)|PORT(?:_\d+_.*)?`,
	}, "|") + `)$`)
})

// everyVariable are those of the settings and options of all releases that were
// read. Nobody may change the list.
var everyVariable = sync.OnceValue(func() []string {
	var out []string
	for _, s := range slices.Concat(settings, globals) {
		if s.Variable != "" && !slices.Contains(out, s.Variable) {
			out = append(out, s.Variable)
		}
	}
	return out
})

// Ignores says whether coderd of some version ignores a variable with Coder's
// prefix, as far as is known: no release that was read knows it, nor any other part
// of Coder. Known are the variables that may have been meant. Doubt says why this
// version may know it; "" where it does not.
func Ignores(v Version, variable string) (known []string, doubt string, ignores bool) {
	known = everyVariable()
	if !strings.HasPrefix(variable, Prefix) || slices.Contains(known, variable) || elsewhere().MatchString(variable) {
		return nil, "", false
	}
	return known, newer(v), true
}
