package coder

import (
	"regexp"
	"strings"
)

// since is the minor version of Coder 2 that brought a variable, where that is
// known better than from the versions whose options were read (the tags of
// coder/coder; pull requests 21403, 26665).
var since = map[string]int{
	ClusterHost:              35,
	PostgresConnMaxOpen:      30,
	"CODER_PG_CONN_MAX_IDLE": 30,
}

// Across is how a setting of one replica stands to that of the others.
type Across int

// How a setting stands across the replicas.
const (
	// AcrossUnknown: nothing is known to break where replicas differ.
	AcrossUnknown Across = iota
	// MustAgree: the replicas must have the same value.
	MustAgree
	// MustDiffer: each replica must have a value of its own.
	MustDiffer
	// MayDiffer: the replicas work with different values, and rarely should.
	MayDiffer
)

// across is how settings stand across the replicas, by variable. Coder's
// documentation says so of the access URL, the relay URL, the cluster host and
// the database; of the others its code does: they end up in what one replica
// makes and another one reads (cookies, redirects, encrypted columns, the DERP
// map, the routes' token), or they limit one process.
var across = map[string]Across{
	RelayURL: MustDiffer, ClusterHost: MustDiffer,

	AccessURL: MustAgree, WildcardAccessURL: MustAgree, "CODER_REDIRECT_TO_ACCESS_URL": MustAgree,
	PostgresURL: MustAgree, PostgresAuth: MustAgree, "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS": MustAgree,
	Experiments: MustAgree,

	TLSEnable: MustAgree, TLSAddress: MustAgree, TLSMinVersion: MustAgree, TLSClientAuth: MustAgree,
	"CODER_TLS_CLIENT_CA_FILE": MustAgree, "CODER_TLS_CLIENT_CERT_FILE": MustAgree, "CODER_TLS_CLIENT_KEY_FILE": MustAgree,
	// The files' content must be the same; their paths may differ.
	TLSCertFile: MayDiffer, TLSKeyFile: MayDiffer,

	DERPServerEnable: MustAgree, DERPRegionID: MustAgree, "CODER_DERP_SERVER_REGION_CODE": MustAgree,
	"CODER_DERP_SERVER_REGION_NAME": MustAgree, "CODER_DERP_SERVER_STUN_ADDRESSES": MustAgree,
	DERPConfigURL: MustAgree, DERPConfigPath: MustAgree, DERPForceWebsockets: MustAgree, "CODER_BLOCK_DIRECT": MustAgree,

	ProxyTrustedHeaders: MustAgree, ProxyTrustedOrigins: MustAgree,
	"CODER_SECURE_AUTH_COOKIE": MustAgree, "CODER_SAMESITE_AUTH_COOKIE": MustAgree, "CODER_HOST_PREFIX_COOKIE": MustAgree,
	"CODER_SESSION_DURATION": MustAgree, "CODER_DEFAULT_OAUTH_REFRESH_LIFETIME": MustAgree,
	"CODER_SCIM_AUTH_HEADER": MustAgree, "CODER_PROVISIONER_DAEMON_PSK": MustAgree, "CODER_PROVISIONER_FORCE_CANCEL_INTERVAL": MustAgree,
	"CODER_HEALTH_CHECK_REFRESH": MustAgree, "CODER_HEALTH_CHECK_THRESHOLD_DATABASE": MustAgree,
	"CODER_API_RATE_LIMIT": MustAgree, "CODER_PROXY_HEALTH_INTERVAL": MustAgree,

	HTTPAddress: MayDiffer, Address: MayDiffer, "CODER_CACHE_DIRECTORY": MayDiffer, ConfigPath: MayDiffer,
	PostgresConnMaxOpen: MayDiffer, "CODER_PG_CONN_MAX_IDLE": MayDiffer, ProvisionerDaemons: MayDiffer,
	"CODER_PROMETHEUS_ADDRESS": MayDiffer, "CODER_PPROF_ADDRESS": MayDiffer,
}

// A login's callback may reach another replica than the one that began it.
var agreeing = []string{"CODER_OIDC_", "CODER_OAUTH2_", "CODER_EXTERNAL_AUTH_"}

// AcrossReplicas says how a variable of one replica must stand to that of the
// others.
func AcrossReplicas(variable string) Across {
	if known, ok := across[variable]; ok {
		return known
	}
	for _, prefix := range agreeing {
		if strings.HasPrefix(variable, prefix) {
			return MustAgree
		}
	}
	return AcrossUnknown
}

// Numbered variables that coderd reads beside its settings and that hold
// secrets (coder/coder cli/server.go, parseExternalAuthProvidersFromEnv and
// ReadAIProvidersFromEnv).
var secretPattern = regexp.MustCompile(`^CODER_(?:(?:EXTERNAL_AUTH|GITAUTH)_\d+_CLIENT_SECRET|(?:AI_GATEWAY|AIBRIDGE)_PROVIDER_\d+_(?:BEDROCK_ACCESS_)?KEYS?(?:_SECRETS?)?)$`)

// IsSecret says whether the value of an environment variable of coderd, in any
// version of Coder, is a secret.
func IsSecret(variable string) bool {
	for _, s := range settings {
		if s.Variable == variable && s.Secret && variable != "" {
			return true
		}
	}
	return secretPattern.MatchString(variable) || variable == "CODER_SESSION_TOKEN"
}
