package coder

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAWordOfTheCommandLineIsReadByItsSetting(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Option{
		"--postgres-url=postgres://db":   {Variable: PostgresURL, Text: "postgres://db"},
		"--derp-server-relay-url":        {Variable: RelayURL, NeedsNext: true},
		"--tls-enable":                   {Variable: TLSEnable, Text: "true"},
		"--tls-enable=false":             {Variable: TLSEnable, Text: "false"},
		"--experiments":                  {Variable: Experiments, NeedsNext: true, Adds: true},
		"--experiments=":                 {Variable: Experiments, Adds: true},
		"-a":                             {Variable: Address, NeedsNext: true},
		"-a=0.0.0.0:80":                  {Variable: Address, Text: "0.0.0.0:80"},
		"-c/etc/coder.yaml":              {Variable: ConfigPath, Text: "/etc/coder.yaml"},
		"--a-flag-that-nobody-knows=yes": {Variable: "CODER_A_FLAG_THAT_NOBODY_KNOWS", Text: "yes"},
	} {
		got, ok := ParseOption(Version{}, word)
		assert.True(t, ok, word)
		assert.Equal(t, want, got, word)
	}
	for _, word := range []string{"server", "--", "-", "", "-q"} {
		_, ok := ParseOption(Version{}, word)
		assert.False(t, ok, word)
	}
}
