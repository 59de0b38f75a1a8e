package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASuppressFileHoldsAListOfIDsAndNothingElse(t *testing.T) {
	t.Parallel()
	const refusal = "it must hold a list of check ids under the key skip, and nothing else"
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
		"the key twice":              {text: "skip: []\nskip: []\n", fails: refusal + " (line 2)"},
		"an id instead of a list":    {text: "skip: hunter2\n", fails: refusal + " (line 1)"},
		"a list of something else":   {text: "skip: [{hunter2: x}]\n", fails: refusal + " (line 1)"},
		"a text":                     {text: "hunter2\n", fails: refusal + " (line 1)"},
		"a list without the key":     {text: "- hunter2\n", fails: refusal + " (line 1)"},
		"what is no YAML":            {text: "skip: [hunter2\n", fails: refusal + " (line 1)"},
		"an alias of something else": {text: "skip: *hunter2\n", fails: refusal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), suppressFile)
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			ids, err := readSuppressFile(t.Context(), path)
			if c.fails == "" {
				require.NoError(t, err)
				assert.ElementsMatch(t, c.ids, ids)
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

func FuzzSuppressFile(f *testing.F) {
	for _, seed := range []string{"skip: [a]", "skip: &a [*a]", "skip: {a: b}", "skp: []", "- skip", "skip: [1, [a]]", "", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		ids, err := suppressedIn(content, "c/"+suppressFile)
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "c/"+suppressFile+": "), err)
			assert.Empty(t, ids)
		}
	})
}
