package gitops_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// module is main.tf with variables as Terraform takes them.
type module struct {
	body    *hclsyntax.Body
	context *hcl.EvalContext
}

// evaluated reads main.tf and gives its variables these values in place of their own.
// Terraform turns a value into the type that the variable has.
func evaluated(t *testing.T, set map[string]cty.Value) module {
	t.Helper()
	file, problems := hclparse.NewParser().ParseHCLFile(example(t, "terraform/main.tf"))
	require.False(t, problems.HasErrors(), problems.Error())
	variables := map[string]cty.Value{}
	m := module{body: file.Body.(*hclsyntax.Body), context: &hcl.EvalContext{
		Variables: map[string]cty.Value{"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(example(t, "terraform"))})},
		Functions: map[string]function.Function{
			"yamlencode": ctyyaml.YAMLEncodeFunc,
			"file":       ofFile(func(text []byte) string { return string(text) }),
			"filesha256": ofFile(func(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }),
		},
	}}
	types := map[string]cty.Type{"string": cty.String, "number": cty.Number, "bool": cty.Bool}
	for _, block := range m.blocks("variable") {
		name := block.Labels[0]
		value, given := set[name]
		if !given {
			value = m.value(t, block.Body, "default")
		}
		converted, err := convert.Convert(value, types[hcl.ExprAsKeyword(block.Body.Attributes["type"].Expr)])
		require.NoError(t, err)
		variables[name] = converted
	}
	m.context.Variables["var"] = cty.ObjectVal(variables)
	locals := map[string]cty.Value{}
	for _, block := range m.blocks("locals") {
		for name := range block.Body.Attributes {
			locals[name] = m.value(t, block.Body, name)
		}
	}
	m.context.Variables["local"] = cty.ObjectVal(locals)
	return m
}

// ofFile is a function of Terraform that takes the name of a file.
func ofFile(of func(text []byte) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := os.ReadFile(args[0].AsString())
			return cty.StringVal(of(text)), err
		},
	})
}

func (m module) blocks(kind string) []*hclsyntax.Block {
	var found []*hclsyntax.Block
	for _, block := range m.body.Blocks {
		if block.Type == kind {
			found = append(found, block)
		}
	}
	return found
}

func (m module) resource(t *testing.T, kind string) *hclsyntax.Body {
	t.Helper()
	for _, block := range m.blocks("resource") {
		if block.Labels[0] == kind {
			return block.Body
		}
	}
	require.Fail(t, "no resource "+kind)
	return nil
}

func (m module) value(t *testing.T, body *hclsyntax.Body, name string) cty.Value {
	t.Helper()
	require.Contains(t, body.Attributes, name)
	value, problems := body.Attributes[name].Expr.Value(m.context)
	require.False(t, problems.HasErrors(), problems.Error())
	return value
}

// arguments are those of helm_release for the helm program.
func (m module) arguments(t *testing.T) []string {
	t.Helper()
	release := m.resource(t, "helm_release")
	args := []string{m.value(t, release, "name").AsString(), m.value(t, release, "chart").AsString(), "-n", m.value(t, release, "namespace").AsString()}
	for i, values := range m.value(t, release, "values").AsValueSlice() {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("values-%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(values.AsString()), 0o600))
		args = append(args, "-f", file)
	}
	return args
}

func TestTerraformInstallsWhatTheModuleSays(t *testing.T) {
	assert.Equal(t, chartVersion(t), evaluated(t, nil).value(t, evaluated(t, nil).resource(t, "helm_release"), "version").AsString())
	local := cty.StringVal(chart(t))
	for name, replicas := range map[string]cty.Value{
		"a number":                       cty.NumberIntVal(3),
		"a string as TF_VAR_replicas is": cty.StringVal("3"),
	} {
		t.Run(name, func(t *testing.T) {
			m := evaluated(t, map[string]cty.Value{"chart": local, "replicas": replicas})
			underBothHelms(t, func(t *testing.T, helm string) {
				named := byName(t, run(t, helm, append([]string{"template"}, m.arguments(t)...)...))
				assert.Equal(t, "3", fmt.Sprint(at[any](t, named["StatefulSet/coder"], "spec", "replicas")))
				assert.Contains(t, named, "Ingress/coder")
			})
		})
	}
	validate(t, append(evaluated(t, map[string]cty.Value{"chart": local}).arguments(t), "-o", "short")...)
}

// TestTerraformValidatesFirst runs the command of the module as Terraform runs it, with
// the plugin installed, once for right values and once for wrong ones.
func TestTerraformValidatesFirst(t *testing.T) {
	underBothHelms(t, func(t *testing.T, helm string) {
		environment := withPlugin(t, helm)

		for url, code := range map[string]int{"https://coder.example.com": 0, "not a url": 1} {
			m := evaluated(t, map[string]cty.Value{"chart": cty.StringVal(chart(t)), "access_url": cty.StringVal(url)})
			before := m.resource(t, "terraform_data").Blocks[0].Body
			started := command.Command{
				Path: "/bin/sh", Args: []string{"-c", m.value(t, before, "command").AsString()},
				Dir: m.value(t, before, "working_dir").AsString(), Env: environment,
			}
			for name, value := range m.value(t, before, "environment").AsValueMap() {
				started.Env = append(started.Env, name+"="+value.AsString())
			}
			result, err := started.Run(t.Context())
			require.NoError(t, err)
			assert.Equal(t, code, result.Code, "%s\n%s", result.Stdout, result.Stderr)
			assert.Contains(t, result.Stdout, "coder-2     relay http://<coder-2.status.podIP>:8080")
		}
	})
}
