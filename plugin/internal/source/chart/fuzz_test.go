package chart

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"helm.sh/helm/v3/pkg/cli/values"
)

func FuzzValues(f *testing.F) {
	for _, seed := range []string{"coder: {env: [{name: A, value: b}]}", "a: &a [*a]", "- a", "a: 1\na: 2", "{? [a]: b}", "<<: {a: b}", "!!binary x", "\x00", "a: &x {b: *x}"} {
		f.Add(seed, "coder.env[0].name=A,coder.env[0].value=b")
	}
	f.Fuzz(func(t *testing.T, file, set string) {
		var o Origins
		if err := o.addText([]byte(file), "values.yaml"); err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "values.yaml: "), err)
		}
		o.addFlags(values.Options{Values: []string{set}, StringValues: []string{set}, JSONValues: []string{set}})
		_ = parseFlags(values.Options{Values: []string{set}})
		o.Env("A", "b")
		o.place([]string{"coder", "env", "0"})
	})
}

func FuzzMaskedAnswersKeepNoSecret(f *testing.F) {
	f.Add([]byte(`{"kind":"Secret","data":{"url":"aHVudGVyMg=="}}`))
	f.Add([]byte(`{"kind":"SecretList","items":[{"data":{"a":"aHVudGVyMg=="},"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}}}]}`))
	f.Add([]byte(`{"items":{"data":1},"metadata":[],"data":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var object struct {
			Data map[string]any `json:"data"`
		}
		if json.Unmarshal(mask(body), &object) != nil {
			return
		}
		for key, value := range object.Data {
			text, _ := value.(string)
			assert.NotContains(t, text, "aHVudGVyMg", key)
		}
	})
}

func FuzzErrorsOfCharts(f *testing.F) {
	f.Add("execution error at (a/templates/b.yaml:1:2): use a database", "/api/v1/namespaces/a/secrets/b")
	f.Add("values don't meet the specifications of the schema(s):\n- at '/coder/replicaCount': got string, want integer", "/apis/apps/v1/deployments")
	f.Fuzz(func(_ *testing.T, text, path string) {
		refusalOf(textError(text))
		_ = schemaError("coder", textError(text), Origins{})
		lookupOf(path, nil)
	})
}

// textError is a text as an error.
type textError string

func (e textError) Error() string { return string(e) }
