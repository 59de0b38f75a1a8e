package border

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzKeyLength compares with what the key is, as a pattern.
func FuzzKeyLength(f *testing.F) {
	key := regexp.MustCompile(`^\s*"\w+": `)
	for _, line := range []string{`"a": 1`, `  "a_1": "b"`, `"": 1`, `"a b": 1`, `"a":1`, `a": 1`, "\t\"a\": ", "", `"`, `"ä": 1`, `["a": 1`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if line = strings.ReplaceAll(line, "\n", ""); keyLength(line) != len(key.FindString(line)) {
			t.Errorf("%q: %d", line, keyLength(line))
		}
	})
}
