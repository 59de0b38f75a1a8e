package run

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

func TestASuppressFileHoldsAListOfIDsAndNothingElse(t *testing.T) {
	t.Parallel()
	const refusal = "it must hold a list under the key skip, in which each entry is the id of a check, or id and until, and nothing else"
	for name, c := range map[string]struct {
		text  string
		ids   []string
		fails string
	}{
		"a list":                     {text: "skip: [tls-expiry, relay-url-shared]\n", ids: []string{"tls-expiry", "relay-url-shared"}},
		"no id":                      {text: "skip:\n"},
		"nothing":                    {text: ""},
		"a comment":                  {text: "# nothing is left out\n"},
		"an empty document":          {text: "---\n"},
		"a key that is misspelled":   {text: "# ids\nskpi: [tls-expiry]\n", fails: refusal + ` (line 2): unknown key "skpi": did you mean "skip"?`},
		"another key":                {text: "skip: []\nhunter2: x\n", fails: refusal + " (line 2)"},
		"the key twice":              {text: "skip: []\nskip: []\n", fails: refusal + " (line 2): skip is there twice"},
		"an id instead of a list":    {text: "skip: hunter2\n", fails: refusal + " (line 1)"},
		"a list of something else":   {text: "skip: [{hunter2: x}]\n", fails: refusal + " (line 1)"},
		"a text":                     {text: "hunter2\n", fails: refusal + " (line 1)"},
		"a list without the key":     {text: "- hunter2\n", fails: refusal + " (line 1)"},
		"what is no YAML":            {text: "skip: [hunter2\n", fails: refusal + " (line 1)"},
		"entries with a last day":    {text: "skip:\n- tls-expiry\n- id: relay-url-shared\n  until: 2026-12-31\n- {id: env-unknown}\n", ids: []string{"tls-expiry", "relay-url-shared until 2026-12-31", "env-unknown"}},
		"a last day in quotes":       {text: "skip: [{id: env-unknown, until: '2026-12-31'}]\n", ids: []string{"env-unknown until 2026-12-31"}},
		"an alias":                   {text: "skip: [&a tls-expiry, *a]\n", ids: []string{"tls-expiry", "tls-expiry"}},
		"no such day":                {text: "skip:\n- {id: tls-expiry, until: 2026-02-30}\n", fails: refusal + " (line 2): until is not a date such as 2027-01-31"},
		"a last day that is none":    {text: "skip:\n- {id: tls-expiry, until: hunter2}\n", fails: refusal + " (line 2): until is not a date such as 2027-01-31"},
		"a last day that is empty":   {text: "skip:\n- {id: tls-expiry, until: }\n", fails: refusal + " (line 2): until is not a date such as 2027-01-31"},
		"an entry without an id":     {text: "skip:\n- until: 2026-12-31\n", fails: refusal + " (line 2): an entry has no id"},
		"an entry's key mistyped":    {text: "skip:\n- {id: tls-expiry, untl: 2026-12-31}\n", fails: refusal + ` (line 2): unknown key "untl": did you mean "until"?`},
		"a number instead of an id":  {text: "skip: [1]\n", fails: refusal + " (line 1)"},
		"nothing instead of an id":   {text: "skip: [~]\n", fails: refusal + " (line 1)"},
		"an alias of something else": {text: "skip: *hunter2\n", fails: refusal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), suppressFile)
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			entries, err := readSuppressFile(t.Context(), path)
			if !strings.HasPrefix(name, "what is no YAML") && name != "an alias of something else" && name != "the key twice" {
				assert.Equal(t, c.fails == "", fits(t, c.text), "the schema and the reader agree")
			}
			if c.fails == "" {
				require.NoError(t, err)
				var ids []string
				for _, e := range entries {
					id := e.ID
					if !e.Until.IsZero() {
						id += " until " + e.Until.Format(time.DateOnly)
					}
					ids = append(ids, id)
				}
				assert.Equal(t, c.ids, ids)
				return
			}
			require.EqualError(t, err, path+": "+c.fails)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	ids, err := readSuppressFile(t.Context(), filepath.Join(t.TempDir(), suppressFile))
	require.NoError(t, err)
	assert.Empty(t, ids, "a file that is not there")
}

// fits says whether the published schema takes a file. An editor takes a day for a
// text.
func fits(t *testing.T, text string) bool {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../../docs/coder-ha.schema.json")
	require.NoError(t, err)
	var file any
	require.NoError(t, yaml.Unmarshal([]byte(text), &file))
	return schema.Validate(days(file)) == nil
}

func days(tree any) any {
	switch tree := tree.(type) {
	case time.Time:
		return tree.Format(time.DateOnly)
	case []any:
		for i := range tree {
			tree[i] = days(tree[i])
		}
	case map[string]any:
		for key := range tree {
			tree[key] = days(tree[key])
		}
	}
	return tree
}

// TestASuppressionCountsUntilItsLastDay judges on the last day and on the next.
func TestASuppressionCountsUntilItsLastDay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, suppressFile)
	require.NoError(t, os.WriteFile(path, []byte("skip:\n- {id: tls-expiry, until: 2026-12-31}\n- {id: tls-expiri, until: 2020-01-01}\n"), 0o600))
	r := Request{Source: Source{Manifests: []string{filepath.Join(dir, "coder.yaml")}}}
	for now, want := range map[string]struct {
		by   map[string]string
		talk string
	}{
		"2026-12-31T23:59:59Z": {map[string]string{"tls-expiry": path + " until 2026-12-31"}, ""},
		"2027-01-01T00:00:00Z": {map[string]string{}, "coder-ha: tls-expiry is judged again: its suppression in " + path + " ended on 2026-12-31\n"},
	} {
		var talk bytes.Buffer
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		by, err := r.suppressed(t.Context(), &facts.Facts{Now: at}, NewStreams(nil, &bytes.Buffer{}, &talk))
		require.NoError(t, err)
		assert.Equal(t, want.by, by, now)
		assert.Equal(t, `coder-ha: unknown check "tls-expiri" in `+path+`: did you mean "tls-expiry"?`+"\n"+want.talk, talk.String())
	}
}

func FuzzSuppressFile(f *testing.F) {
	for _, seed := range []string{"skip: [a]", "skip: &a [*a]", "skip: {a: b}", "skp: []", "- skip", "skip: [1, [a]]", "skip: [{id: a, until: 2026-01-01}]", "skip: [&a {id: *a}]", "", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := suppressedIn(content)
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "it must hold a list "), err)
			assert.Empty(t, entries)
		}
	})
}
