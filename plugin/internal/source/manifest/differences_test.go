package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDifferencesAreFoundByNameAndPlace(t *testing.T) {
	decode := func(data string) []Object {
		objects, err := Decode(strings.NewReader("{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: "+data+"}"), "in")
		require.NoError(t, err)
		return objects
	}
	for _, c := range []struct {
		name, ours, theirs string
		differs, same      []any
		absent             []string
	}{
		{"a text", "{a: 1, b: 2}", "{a: 1, b: 3}", []any{"b"}, []any{"a"}, nil},
		{"a kind of text", "{a: 1}", "{a: '1'}", []any{"a"}, []any{"z"}, nil},
		{"a key that only one has", "{a: 1, b: 2}", "{b: 2, c: 3}", []any{"a"}, []any{"b"}, []string{"c"}},
		{"items are matched by name", "[{name: a, v: 1}, {name: b, v: 2}]", "[{name: n}, {name: b, v: 2}, {name: a, v: 3}]", []any{0}, []any{1}, []string{"n"}},
		{"items without a name by their place", "[x, y]", "[x]", []any{1}, []any{0}, nil},
		{"another shape", "[x]", "{a: x}", []any{0}, []any{"a"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours := decode(c.ours)
			d := Compare(ours, decode(c.theirs))
			assert.True(t, d.At(ours[0], append([]any{"data"}, c.differs...)...))
			assert.False(t, d.At(ours[0], append([]any{"data"}, c.same...)...))
			assert.Equal(t, c.absent, d.Absent(ours[0], "data"))
		})
	}
	ours := decode("{a: 1}")
	assert.Equal(t, []string{"c", "1"}, Compare(ours, nil).Texts(ours[0]), "an object that the other lacks differs in all")
	assert.False(t, Differences{}.At(ours[0], "data"))
}
