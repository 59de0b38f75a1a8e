package release_test

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// bom is what is read of a bill of materials.
type bom struct {
	SpecVersion string
	Metadata    struct {
		Component  component
		Properties []struct{ Name, Value string }
	}
	Components []component
}

type component struct {
	Name, Version, Purl string
	Evidence            struct {
		Licenses []struct{ License struct{ ID string } }
	}
}

func TestTheBillOfMaterialsIsThatOfTheProgram(t *testing.T) {
	r := published(t)
	text, err := os.ReadFile(r.path(t, "coder-ha-VERSION-"+platform+".cdx.json"))
	require.NoError(t, err)
	var listed bom
	require.NoError(t, json.Unmarshal(text, &listed))

	files := untar(t, r.path(t, "coder-ha-VERSION-"+platform+".tgz"))
	program := files["coder-ha/bin/coder-ha-"+platform]
	info, err := buildinfo.Read(strings.NewReader(program))
	require.NoError(t, err)
	want := map[string]string{"std": info.GoVersion}
	for _, module := range info.Deps {
		want[module.Path] = module.Version
	}
	got := map[string]string{}
	for _, c := range listed.Components {
		got[c.Name] = c.Version
		if c.Name != "std" {
			assert.NotEmpty(t, c.Evidence.Licenses, "%s has no license", c.Name)
		}
	}
	assert.Equal(t, want, got)
	assert.Contains(t, listed.Metadata.Component.Purl, info.Main.Path+"@v")
	assert.Contains(t, listed.Metadata.Properties, struct{ Name, Value string }{
		"cdx:gomod:binary:hash:SHA-256", fmt.Sprintf("%x", sha256.Sum256([]byte(program))),
	})
}

func TestTheBillOfMaterialsIsCycloneDX(t *testing.T) {
	text, err := os.ReadFile(published(t).path(t, "coder-ha-VERSION-"+platform+".cdx.json"))
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	require.NoError(t, err)
	schema := cycloneDX(t, document.(map[string]any)["specVersion"].(string))
	require.NoError(t, schema.Validate(document))
	document.(map[string]any)["components"].([]any)[0].(map[string]any)["type"] = "gadget"
	require.Error(t, schema.Validate(document))
}

// cycloneDX is the published schema, which lies in the module of the library that
// writes bills of materials.
func cycloneDX(t *testing.T, version string) *jsonschema.Schema {
	t.Helper()
	tool, err := checkout.Path("tests/tools/package")
	require.NoError(t, err)
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go")
	list.Dir = tool
	out, err := list.Output()
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	for _, name := range []string{"bom-" + version + ".schema.json", "spdx.schema.json", "jsf-0.82.schema.json"} {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "schema", strings.Replace(name, "0.82.schema", "0.82.schem*", 1)))
		require.NoError(t, err)
		require.Len(t, found, 1, name)
		file, err := os.Open(found[0])
		require.NoError(t, err)
		defer file.Close()
		text, err := jsonschema.UnmarshalJSON(file)
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource("http://cyclonedx.org/schema/"+name, text))
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-" + version + ".schema.json")
	require.NoError(t, err)
	return schema
}
