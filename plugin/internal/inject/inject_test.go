package inject

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
)

// complete reads a stream, adds what it lacks, and holds the result to what binds
// every result: a second run has nothing to do.
func complete(t *testing.T, stream string, opts kube.Options) (string, error) {
	t.Helper()
	in, err := Read([]File{{Name: "in.yaml", Bytes: []byte(stream)}}, opts)
	if err != nil {
		return "", err
	}
	plan, err := in.Complete(false)
	if err != nil {
		return "", err
	}
	out, err := in.Apply(plan)
	if err != nil {
		return "", err
	}
	again, err := out.Complete(false)
	require.NoError(t, err)
	assert.False(t, again.Changed(), "a second run changes something")
	return string(out.Files()[0].Bytes), nil
}

// shape is a stream before and after.
type shape struct{ name, before, after string }

// shapes reads testdata/shapes: lines that begin with < are in the input only, those
// that begin with > in the result only.
func shapes(t testing.TB) []shape {
	t.Helper()
	paths, err := filepath.Glob("testdata/shapes/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	var out []shape
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		s := shape{name: strings.TrimSuffix(filepath.Base(path), ".txt")}
		for line := range strings.Lines(string(text)) {
			switch {
			case strings.HasPrefix(line, ">"):
				s.after += line[1:]
			case strings.HasPrefix(line, "<"):
				s.before += line[1:]
			default:
				s.before, s.after = s.before+line, s.after+line
			}
		}
		out = append(out, s)
	}
	return out
}

func TestEveryByteOutsideTheChangeStays(t *testing.T) {
	for _, form := range []struct {
		name   string
		change func(string) string
	}{
		{"as it is", func(text string) string { return text }},
		{"with CRLF", func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }},
		{"with a byte order mark", func(text string) string { return "\ufeff" + text }},
		{"without a final line break", func(text string) string { return strings.TrimSuffix(text, "\n") }},
		{"behind another document", func(text string) string {
			return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ünï}\ndata: {x: \"---\\n漢字\"}\n--- # next\n" + strings.TrimPrefix(text, "%YAML 1.1\n---\n")
		}},
	} {
		t.Run(form.name, func(t *testing.T) {
			for _, s := range shapes(t) {
				t.Run(s.name, func(t *testing.T) {
					got, err := complete(t, form.change(s.before), kube.Options{})
					require.NoError(t, err)
					assert.Equal(t, form.change(s.after), got)
				})
			}
		})
	}
}
