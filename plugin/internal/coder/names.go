package coder

// The variables of `coder server` that this project reads or writes, by the
// names that Coder gives them (coder/coder codersdk/deployment.go).
const (
	RelayURL            = "CODER_DERP_SERVER_RELAY_URL"
	AccessURL           = "CODER_ACCESS_URL"
	WildcardAccessURL   = "CODER_WILDCARD_ACCESS_URL"
	ClusterHost         = "CODER_CLUSTER_HOST"
	Address             = "CODER_ADDRESS"
	HTTPAddress         = "CODER_HTTP_ADDRESS"
	TLSAddress          = "CODER_TLS_ADDRESS"
	TLSEnable           = "CODER_TLS_ENABLE"
	TLSCertFile         = "CODER_TLS_CERT_FILE"
	TLSKeyFile          = "CODER_TLS_KEY_FILE"
	TLSMinVersion       = "CODER_TLS_MIN_VERSION"
	TLSClientAuth       = "CODER_TLS_CLIENT_AUTH"
	PostgresURL         = "CODER_PG_CONNECTION_URL"
	PostgresAuth        = "CODER_PG_AUTH"
	PostgresConnMaxOpen = "CODER_PG_CONN_MAX_OPEN"
	Experiments         = "CODER_EXPERIMENTS"
	DERPServerEnable    = "CODER_DERP_SERVER_ENABLE"
	DERPConfigURL       = "CODER_DERP_CONFIG_URL"
	DERPConfigPath      = "CODER_DERP_CONFIG_PATH"
	DERPForceWebsockets = "CODER_DERP_FORCE_WEBSOCKETS"
	ProxyTrustedHeaders = "CODER_PROXY_TRUSTED_HEADERS"
	ProxyTrustedOrigins = "CODER_PROXY_TRUSTED_ORIGINS"
	ConfigPath          = "CODER_CONFIG_PATH"
	DERPRegionID        = "CODER_DERP_SERVER_REGION_ID"
	ProvisionerDaemons  = "CODER_PROVISIONER_DAEMONS"
	CacheDirectory      = "CODER_CACHE_DIRECTORY"
	EncryptionKeys      = "CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS"
)

// The addresses that coderd listens on when nothing is set
// (coder/coder codersdk/deployment.go).
const (
	DefaultHTTPAddress = "127.0.0.1:3000"
	DefaultTLSAddress  = "127.0.0.1:3443"
)

// NATSPort is where replicas listen for each other's pubsub
// (coder/coder coderd/x/nats, defaultClusterPort).
const NATSPort = 6222

// Reads says whether a verdict rests on the text of a variable. Any other one may
// hold anything, and is of interest only by its name and whether it differs.
func Reads(variable string) bool { return read[variable] }

var read = map[string]bool{
	RelayURL: true, AccessURL: true, WildcardAccessURL: true, ClusterHost: true, Address: true, HTTPAddress: true, TLSAddress: true,
	TLSEnable: true, TLSCertFile: true, TLSKeyFile: true, TLSClientAuth: true, PostgresURL: true, PostgresAuth: true,
	PostgresConnMaxOpen: true, Experiments: true, DERPServerEnable: true, DERPConfigURL: true, DERPConfigPath: true,
	DERPForceWebsockets: true, ProxyTrustedHeaders: true, ProxyTrustedOrigins: true, ConfigPath: true,
	DERPRegionID: true, ProvisionerDaemons: true, CacheDirectory: true,
}
