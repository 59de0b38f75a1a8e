package limits

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

func TestDocumentsAreMeasuredWithTheirAliasesWrittenOut(t *testing.T) {
	doubling := strings.Builder{}
	doubling.WriteString("a0: &a0 [x, x]\n")
	for i := range 100 {
		fmt.Fprintf(&doubling, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	for name, test := range map[string]struct{ text, want string }{
		"ordinary":        {"a: {b: [c, &d d, *d]}", ""},
		"empty":           {"", ""},
		"doubling":        {doubling.String(), "f.yaml: it is too large: the limit of YAML documents, with every alias written out, is 2000000 values"},
		"deep":            {strings.Repeat("[", 300) + strings.Repeat("]", 300), "f.yaml: it is nested too deeply: the limit of YAML documents is 200 levels"},
		"deep by aliases": {strings.ReplaceAll(doubling.String(), "]", ", [[x]]]"), "f.yaml: it is"},
		"inside itself":   {"a: &a [*a]", "f.yaml: it is nested too deeply: the limit of YAML documents is 200 levels"},
		"almost too deep": {strings.Repeat("[", 199) + strings.Repeat("]", 199), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var doc yaml.Node
			require.NoError(t, yaml.Unmarshal([]byte(test.text), &doc))
			err := Document(&doc, "f.yaml")
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.want)
		})
	}
}
