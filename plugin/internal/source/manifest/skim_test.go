package manifest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// plainCases say of a document whether it is plain.
var plainCases = map[string]bool{
	"a: 1\n": false,
	"apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: b\nspec:\n  ports:\n  - port: 80\n    name: http\n  selector:\n    app.kubernetes.io/name: x\n": true,
	"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |\n    # text\n\n    \"{{ a: [\n      deeper\n  y: '{\"a\": 1}'\n  z: {}\n":                    true,
	"kind: A\napiVersion: v1\nspec:\n  - - a\n    - b: 1\n      c:\n        - d\n  - e\n":                                                                              true,
	"kind: A\napiVersion: v1\nspec:\n  a:\n    b:\n  c:\n  - d\nstatus: {}\n":                                                                                          true,
	"kind: A\napiVersion: v1\npath: /\ndots: ..\nrange: -1\nsum: +\nvar: $(A)-b\nwith: a, b [c] {d} 'e' \"f\" g#h:i | j\n- k\n":                                        false,
	"kind: A\napiVersion: v1\npath: /\ndots: ..\nrange: -1\nsum: +\nvar: $(A)-b\nwith: a, b [c] {d} 'e' \"f\" g#h:i | j\n":                                             true,
	"kind: A\napiVersion: v1\nspec: >-\n  a: b\n  c\n":                                                                                                                 true,
	"kind: A\napiVersion: v1\nmetadata:\n  name: 'it''s'\n":                                                                                                            false,
	"kind: A\napiVersion: v1\nmetadata:\n  name: \"\\x41\"\n":                                                                                                          false,
	"kind: A\napiVersion: v1\nmetadata: {name: a}\n":                                                                                                                   false,
	"kind: A\napiVersion: v1\nmetadata:\n  name: null\n":                                                                                                               false,
	"kind: A\napiVersion: v1\nspec:\n    a:\n      b: 1\n  c: 2\n":                                                                                                     false,
	"kind: A\napiVersion: v1\nspec:\n  a: b: c\n":                                                                                                                      false,
	"kind: A\napiVersion: v1\nspec:\n  a: b\n    c\n":                                                                                                                  false,
	"kind: A\napiVersion: v1\nspec:\n  a: b\n    c: d\n":                                                                                                               false,
	"kind: A\napiVersion: v1\nspec: 1\n- a\n":                                                                                                                          false,
	"kind: A\napiVersion: v1\nspec:\n  a: 1\n- b\n":                                                                                                                    false,
	"kind: A\napiVersion: v1\nspec: &a\n  b: 1\n":                                                                                                                      false,
	"kind: A\napiVersion: v1\nspec: *a\n":                                                                                                                              false,
	"kind: A\napiVersion: v1\nspec: !!str a\n":                                                                                                                         false,
	"kind: A\napiVersion: v1\nspec: a # comment\n":                                                                                                                     false,
	"kind: A\napiVersion: v1\nspec: |\n    a\n  b\n":                                                                                                                   false,
	"kind: A\napiVersion: v1\nspec: |\n  \ta\n":                                                                                                                        false,
	"kind: A\napiVersion: v1\nspec: |2\n  a\n":                                                                                                                         false,
	"kind: A\napiVersion: v1\nspec:\n  <<: a\n":                                                                                                                        false,
	"kind: AList\napiVersion: v1\nitems: []\n":                                                                                                                         false,
	"kind: A\napiVersion: v1\nspec: \"a\n  b\"\n":                                                                                                                      false,
	"kind: A\napiVersion: v1\nspec:\n  a: [1]\n":                                                                                                                       false,
	"kind: A\napiVersion: v1\nspec:\n  a: ä\n":                                                                                                                         false,
	"kind: A\napiVersion: v1\nspec:\n\ta: 1\n":                                                                                                                         false,
	"kind: A\r\napiVersion: v1\r\n":                                                                                                                                    false,
	"kind: A\napiVersion: v1\n...\n":                                                                                                                                   false,
	"%YAML 1.2\n":                                                                                                                                                      false,
	"kind: A\napiVersion: v1\nkind: B\nmetadata:\n  name: a\nmetadata:\n  namespace: b\n":                                                                              true,
	"kind: A\napiVersion: v1\nspec:\n- a\n- b:\n  - c\n  - d\n  e: 1\nmetadata:\n  name: a\n":                                                                          true,
}

func TestWhatIsPlainIsKnown(t *testing.T) {
	for text, want := range plainCases {
		s := skimmer{words: map[string]string{}}
		_, got := s.skim([]byte(text))
		assert.Equal(t, want, got, text)
	}
}

// same says that a stream is read alike with the shortcut and without.
func same(t *testing.T, text []byte) (skimmed int) {
	t.Helper()
	want, wantErr := Decode(bytes.NewReader(text), "stream.yaml")
	got, err := Skim(text, "stream.yaml")
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), "%s", text)
		return 0
	}
	require.NoError(t, err, "%s", text)
	require.Len(t, got, len(want), "%s", text)
	for i, o := range got {
		if o.Skimmed() {
			skimmed++
			mentioned(t, o, o.root())
		}
		withoutComments(want[i].node)
		withoutComments(o.root())
		require.Equal(t, want[i].node, o.root(), "%s", text)
		o.node, o.later = want[i].node, nil
		require.Equal(t, want[i], o, "%s", text)
	}
	return skimmed
}

// mentioned says that each word below the node stands in the text as it is.
func mentioned(t *testing.T, o Object, node *yaml.Node) {
	t.Helper()
	for word := range strings.FieldsSeq(node.Value) {
		require.True(t, o.Mentions(word), word)
	}
	for _, child := range node.Content {
		mentioned(t, o, child)
	}
}

// withoutComments takes the comments away but for those that Template comes of. Which
// node another comment belongs to is nobody's business.
func withoutComments(node *yaml.Node) {
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	for _, child := range node.Content {
		withoutComments(child)
	}
}

func TestSkimSaysWhatDecodeSays(t *testing.T) {
	var stream strings.Builder
	for text := range plainCases {
		same(t, []byte(text))
		same(t, []byte("---\n"+text+"---\n"+text+"# Source: a/b.yaml\n---\n"+text+"---\n# Source: c/d.yaml\n"+text))
		if _, err := Decode(strings.NewReader(text), ""); err == nil {
			stream.WriteString("---\n" + text)
		}
	}
	assert.Positive(t, same(t, []byte(stream.String())))
	for _, text := range []string{
		"a: &x 1\n", "---\n", "---\n---\n", "--- {apiVersion: v1, kind: A}\n---\napiVersion: v1\nkind: B\n",
		"apiVersion: v1\nkind: A\nspec: &x 1\n---\napiVersion: v1\nkind: B\n---\napiVersion: v1\nkind: C\nspec: *x\n",
		"apiVersion: v1\nkind: A\nspec: 'x\n---\napiVersion: v1\nkind: B\n---\napiVersion: v1\nkind: C\nspec: x'\n",
		"apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\nspec:\n  a: b: c\n---\napiVersion: v1\nkind: C\n",
		"apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: B}\n---\napiVersion: v1\nkind: C\n",
		"apiVersion: v1\nkind: A\n---\nfoo\n---\napiVersion: v1\nkind: C\n",
		"\xef\xbb\xbfapiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: C",
	} {
		same(t, []byte(text))
	}
}

// comments are the lines that keep a document from being plain.
var comments = regexp.MustCompile(`(?m)^ *#.*\n`)

// TestSkimSaysWhatDecodeSaysOfRealManifests takes every YAML file of this repository.
func TestSkimSaysWhatDecodeSaysOfRealManifests(t *testing.T) {
	files, skimmed := 0, 0
	err := filepath.WalkDir("../../../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == ".cache" {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" && ext != ".golden" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil {
			files++
			skimmed += same(t, text)
			skimmed += same(t, comments.ReplaceAll(text, nil))
		}
		return err
	})
	require.NoError(t, err)
	assert.Greater(t, files, 50)
	assert.Greater(t, skimmed, 30)
}

func FuzzSkim(f *testing.F) {
	for text := range plainCases {
		f.Add([]byte(text))
		f.Add([]byte(text + "---\n" + text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { same(t, text) })
}
