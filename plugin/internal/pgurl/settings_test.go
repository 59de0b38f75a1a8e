package pgurl

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The differential test finds what the driver refuses; these are the sentences.
func TestParseRefusesTheSettingsThatTheDriverRefuses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"postgres://coder@db/coder?binary_parameters=on":       "the parameters set binary_parameters to something else than yes or no",
		"postgres://coder@db/coder?connect_timeout=5s":         "the parameters set connect_timeout to something else than a number of seconds",
		"postgres://coder@db/coder?client_encoding=latin1":     "the parameters ask for another client_encoding than UTF8",
		"postgres://coder@db/coder?datestyle=ISO":              "the parameters ask for another datestyle than ISO, MDY",
		"host=db port='' user=coder":                           "the port is empty",
		"host=db port=1,2 user=coder":                          "the port is a list, and the host is not",
		"postgres://coder@/coder?host=[fd00::1]&port=5432":     "the host holds square brackets, which coderd's driver takes for a part of the name",
		"host=db disable_prepared_binary_result='' user=coder": "the parameters set disable_prepared_binary_result to something else than yes or no",
	} {
		_, err := Parse(raw)
		require.Error(t, err, raw)
		assert.Equal(t, want, err.Error(), raw)
	}
	for _, raw := range []string{
		"postgres://coder@db/coder?binary_parameters=yes&connect_timeout=0&client_encoding=utf-8&datestyle=ISO,%20MDY",
		"postgres://coder@/coder?host=fd00::1&port=5432",
	} {
		_, err := Parse(raw)
		assert.NoError(t, err, raw)
	}
}

func TestTheDatabaseMayHaveTheServersOwnName(t *testing.T) {
	t.Parallel()
	u, err := Parse("postgres://coder@db?database=other")
	require.NoError(t, err)
	assert.Equal(t, "other", u.Database)
	assert.Empty(t, u.RuntimeParams())
}

func TestOfTwoPasswordsTheOneThatSortsLastInQuotesWins(t *testing.T) {
	t.Parallel()
	u, err := Parse("postgres://coder:a%20b@db/coder?password=a")
	require.NoError(t, err)
	assert.Equal(t, "a", u.Password(), "a quote sorts behind a space")
}
