package render

import (
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

const docs = "../../../docs/"

// TestTheSchemaDescribesTheDocument holds docs/nodes.schema.json to what is read.
func TestTheSchemaDescribesTheDocument(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(docs + "nodes.schema.json")
	require.NoError(t, err)
	page, err := os.ReadFile(docs + "hosts.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	for text, right := range map[string]bool{
		example: true,
		"accessURL: https://a\nnodes: [{name: a, address: b}]\ntls: {address: ':443', certFile: /a, keyFile: /b, relay: true}\nrelays: {configPath: /c}\npostgresURLFile: url\nenv: {A: 1}\ncoderVersion: 2.37\n": true,
		"acessURL: https://a\n":                      false,
		"nodes: [{name: a, addr: b}]\n":              false,
		"tls: {cert: /a}\n":                          false,
		"relays: {configurl: https://a}\n":           false,
		"nodes: coder-1\n":                           false,
		"nodes: [{name: a, address: b, env: {}}]\n":  false,
		"env: [A]\n":                                 false,
		"tls: {address: a, certFile: b, key: c}\n":   false,
		"wildcardAccessURL: {host: '*.example.com'}": false,
	} {
		var document any
		require.NoError(t, yaml.Unmarshal([]byte(text), &document))
		_, readErr := ParseDocument([]byte(text))
		schemaErr := schema.Validate(document)
		if right {
			assert.NoError(t, readErr, text)
			assert.NoError(t, schemaErr, text)
			continue
		}
		require.Error(t, readErr, text)
		require.Error(t, schemaErr, text)
	}
	assert.Equal(t, []string{"coder-1", "coder-2", "coder-3"}, names(t, example))
}

func names(t *testing.T, document string) []string {
	t.Helper()
	d, err := ParseDocument([]byte(document))
	require.NoError(t, err)
	var out []string
	for _, n := range d.Plan().Nodes {
		out = append(out, n.Name)
	}
	return out
}
