package coder

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASettingIsFoundByEachOfItsNames(t *testing.T) {
	newest := Version{}
	address, ok := ByShorthand(newest, "a")
	require.True(t, ok)
	assert.Equal(t, Address, address.Variable)

	database, ok := ByVariable(newest, PostgresURL)
	require.True(t, ok)
	assert.Equal(t, "postgres-url", database.Flag)
	assert.Empty(t, database.YAML, "a config file cannot give the connection URL")

	config, ok := ByFlag(newest, "config")
	require.True(t, ok)
	assert.Equal(t, ConfigPath, config.Variable)
	assert.Equal(t, "c", config.Shorthand)
	assert.Equal(t, TypeConfigFile, config.Type)

	relay, ok := ByYAML(newest, "networking.derp.relayURL")
	require.True(t, ok)
	assert.Equal(t, RelayURL, relay.Variable)

	for name, find := range map[string]func(Version, string) (Setting, bool){
		"variable": ByVariable, "flag": ByFlag, "shorthand": ByShorthand, "YAML key": ByYAML,
	} {
		for _, unknown := range []string{"", "CODER_RELAY_URL", "relay-url", "z", "networking.relayURL"} {
			_, ok := find(newest, unknown)
			assert.False(t, ok, "%s %q", name, unknown)
		}
	}
}

func TestAVersionHasTheSettingsOfItsOwn(t *testing.T) {
	for name, test := range map[string]struct {
		variable, version string
		want              bool
	}{
		"the cluster host came with 2.35":                 {ClusterHost, "v2.35.0", true},
		"there is no cluster host in 2.34":                {ClusterHost, "v2.34.9", false},
		"there is none in a version that was read either": {ClusterHost, "v2.24.0", false},
		"the number of connections came with 2.30":        {PostgresConnMaxOpen, "2.30.0", true},
		"it was fixed before":                             {PostgresConnMaxOpen, "2.29.1", false},
		"what is gone is found in the older version":      {"CODER_IN_MEMORY", "2.24.0", true},
		"and not in the newer one":                        {"CODER_IN_MEMORY", "2.36.1", false},
		"an unknown version has the newest settings":      {ClusterHost, "latest", true},
		"so has one newer than all that were read":        {ClusterHost, "2.99.0", true},
		"the oldest one has the settings of old":          {RelayURL, "2.11.0", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := ByVariable(ParseVersion(test.version), test.variable)
			assert.Equal(t, test.want, ok)
		})
	}
	older, _ := ByVariable(ParseVersion("2.29.1"), "CODER_AIBRIDGE_ENABLED")
	newer, _ := ByVariable(ParseVersion("2.36.1"), "CODER_AIBRIDGE_ENABLED")
	assert.Equal(t, "false", older.Default)
	assert.Equal(t, "true", newer.Default)
}

func TestATagBelow2OrOfADateIsNoVersionOfCoder(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"1.0.0", "v1.44.6", "v0.27.3", "0.1", "2026.11", "2025.10.3", "20261101.1"} {
		v := ParseVersion(tag)
		assert.False(t, v.Known(), tag)
		assert.Equal(t, tag, v.Text)
		assert.Equal(t, Settings(Version{}), Settings(v))
		assert.Empty(t, Read(Start{Version: v, Args: []string{"server"}}).Problems)
	}
	assert.True(t, ParseVersion("2.0.0").Known())
}

func TestNoNameStandsForTwoSettingsOfAVersion(t *testing.T) {
	for _, minor := range readReleases {
		seen := map[string]string{}
		for _, s := range Settings(Version{Major: 2, Minor: minor}) {
			for _, name := range []string{s.Variable, "--" + s.Flag, "-" + s.Shorthand, "key " + s.YAML} {
				if name == "" || name == "--" || name == "-" || name == "key " {
					continue
				}
				assert.Empty(t, seen[name], "%s of 2.%d", name, minor)
				seen[name] = s.Name
			}
		}
	}
}

// What is written by hand about a variable must be about one that exists.
func TestEachVariableThatIsNamedHereIsOneOfCoders(t *testing.T) {
	for _, variable := range []string{
		RelayURL, AccessURL, WildcardAccessURL, ClusterHost, Address, HTTPAddress, TLSAddress, TLSEnable, TLSCertFile, TLSKeyFile,
		TLSClientAuth, PostgresURL, PostgresAuth, PostgresConnMaxOpen, Experiments, DERPServerEnable, DERPConfigURL,
		DERPConfigPath, DERPForceWebsockets, ProxyTrustedHeaders, ProxyTrustedOrigins, ConfigPath,
	} {
		_, ok := ByVariable(Version{}, variable)
		assert.True(t, ok, variable)
	}
	for variable := range across {
		_, ok := ByVariable(Version{}, variable)
		assert.True(t, ok, variable)
	}
	for variable := range since {
		_, ok := ByVariable(Version{}, variable)
		assert.True(t, ok, variable)
	}
	for variable, want := range map[string]string{HTTPAddress: DefaultHTTPAddress, TLSAddress: DefaultTLSAddress} {
		s, _ := ByVariable(Version{}, variable)
		assert.Equal(t, want, s.Default, variable)
	}
}

func TestSettingsStandAcrossReplicasAsTheyMust(t *testing.T) {
	for variable, want := range map[string]Across{
		RelayURL:                            MustDiffer,
		AccessURL:                           MustAgree,
		HTTPAddress:                         MayDiffer,
		"CODER_OIDC_CLIENT_ID":              MustAgree,
		"CODER_EXTERNAL_AUTH_0_ID":          MustAgree,
		"CODER_ENABLE_TERRAFORM_DEBUG_MODE": AcrossUnknown,
		"HOME":                              AcrossUnknown,
	} {
		assert.Equal(t, want, AcrossReplicas(variable), variable)
	}
}

func TestSecretsAreKnownAsSuch(t *testing.T) {
	for variable, want := range map[string]bool{
		PostgresURL:                                            true,
		"CODER_OIDC_CLIENT_SECRET":                             true,
		"CODER_EXTERNAL_TOKEN_ENCRYPTION_KEYS":                 true,
		"CODER_EXTERNAL_AUTH_0_CLIENT_SECRET":                  true,
		"CODER_GITAUTH_12_CLIENT_SECRET":                       true,
		"CODER_AI_GATEWAY_PROVIDER_0_KEY":                      true,
		"CODER_AIBRIDGE_PROVIDER_1_BEDROCK_ACCESS_KEY_SECRETS": true,
		"CODER_SESSION_TOKEN":                                  true,
		"CODER_EXTERNAL_AUTH_0_CLIENT_ID":                      false,
		"CODER_AI_GATEWAY_PROVIDER_0_BEDROCK_MODEL":            false,
		RelayURL: false,
		"":       false,
	} {
		assert.Equal(t, want, IsSecret(variable), variable)
	}
}
