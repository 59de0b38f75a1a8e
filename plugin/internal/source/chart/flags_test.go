package chart

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/cli/values"
)

func TestValuesThatAreRefusedAreNotQuoted(t *testing.T) {
	const env = "coder.env[0].name=CODER_PG_CONNECTION_URL,coder.env[0].value="
	for _, c := range []struct {
		name   string
		values values.Options
		says   string
	}{
		{"a comma in a password", values.Options{Values: []string{env + "postgres://u:a,hunter2@h/db"}}, "--set coder.env[0].name: the values do not parse: write KEY=VALUE, with a backslash"},
		{"the same as a string", values.Options{StringValues: []string{env + "postgres://u:a,hunter2@h/db"}}, "--set-string coder.env[0].name"},
		{"JSON that is cut off", values.Options{JSONValues: []string{`coder.env=[{"name":"A","value":"hunter2"`}}, "--set-json coder.env: the values do not parse: write KEY=JSON"},
		{"JSON without a key", values.Options{JSONValues: []string{`{"a":"hunter2="}`}}, "--set-json: the values do not parse"},
		{"a value that fits no pattern", values.Options{Values: []string{"coder.replicaCount=hunter2"}}, "coder.replicaCount: the value does not match pattern"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Render(t.Context(), Options{Chart: coderChart, Settings: NewSettings(), Values: c.values})
			require.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}
