package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// seen is what a reader of Markdown makes of a document.
type seen struct {
	text  strings.Builder
	links []string
	html  []string
	other []string
}

// read reads Markdown as GitHub does, with its extensions.
func read(t *testing.T, document string) *seen {
	t.Helper()
	source, out := []byte(document), &seen{}
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	require.NoError(t, ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.text.Write(unescaped(n.Segment.Value(source)))
			if n.SoftLineBreak() {
				out.text.WriteByte('\n')
			}
		case *ast.Link:
			out.links = append(out.links, string(n.Destination))
		case *ast.AutoLink:
			out.links = append(out.links, string(n.URL(source)))
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				segment := n.Segments.At(i)
				out.html = append(out.html, string(segment.Value(source)))
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				out.html = append(out.html, strings.TrimSpace(string(line.Value(source))))
			}
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem:
		default:
			out.other = append(out.other, n.Kind().String())
		}
		return ast.WalkContinue, nil
	}))
	return out
}

// unescaped takes away the backslashes that goldmark leaves to its renderer.
func unescaped(in []byte) []byte {
	var out []byte
	for i := 0; i < len(in); i++ {
		if in[i] == '\\' && i+1 < len(in) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", in[i+1]) >= 0 {
			i++
		}
		out = append(out, in[i])
	}
	return out
}

// TestAReaderOfMarkdownSeesTextsAsTheyAre has a real reader of GitHub's dialect.
func TestAReaderOfMarkdownSeesTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"<b>bold</b>", "[x](http://evil.example)", "![x](http://evil.example/p.png)", "@someone and @org/team", "#1 a/b#2 !3 ~l %m",
		"https://evil.example www.evil.example mail@evil.example ftp://evil.example", "*a* _b_ __c__ **d** ~~e~~ `f` ``g``", `a\b \* \\`,
		"&lt;b&gt; &amp; &#64;", "| a | b |", "<!-- x --> <details>", "http://<coder-0.status.podIP>:3000", "a_b CODER_PG_CONNECTION_URL", "# h", "- [ ] x", "1. x", "---", "```x",
		"WWW.evil.example xwww.evil.example HTTPS://evil.example mailto:a@evil.example", "[^1] [x] [x][y] [x]: http://evil.example", "$a$ ${{ github.token }} {0}",
	} {
		got := read(t, "- **error** x: "+escaped(words)+"\n")
		assert.Equal(t, "error x: "+words, strings.ReplaceAll(got.text.String(), "<!-- -->", ""), "%q", words)
		assert.Empty(t, got.links, "%q", words)
		assert.Equal(t, []string{"Emphasis"}, got.other, "%q", words)
		for _, html := range got.html {
			assert.Equal(t, "<!-- -->", html, "%q", words)
		}
	}
}

// TestNoTextLeavesItsPlaceInMarkdown compares the structure of a comment with that
// of one in which nobody attacks.
func TestNoTextLeavesItsPlaceInMarkdown(t *testing.T) {
	t.Parallel()
	structure := func(words string) (links, html, other []string) {
		got := read(t, string(write(t, Output{Format: "markdown"}, attacked(words))))
		for _, h := range got.html {
			if h != "<!-- -->" {
				html = append(html, h)
			}
		}
		return got.links, html, got.other
	}
	links, html, other := structure("plain")
	assert.Len(t, links, 3, "one for each finding, one for what is not verified")
	for _, words := range hostile {
		if strings.Contains(words, "\n") || strings.TrimSpace(words) == "" {
			// Its remedy has several lines, and a block for them; or there is none.
			continue
		}
		gotLinks, gotHTML, gotOther := structure(words)
		assert.Equal(t, links, gotLinks, "%q", words)
		assert.Equal(t, html, gotHTML, "%q", words)
		assert.Equal(t, other, gotOther, "%q", words)
	}
	links, html, other = structure("a\nb")
	for _, words := range hostile {
		if strings.Count(words, "\n") > 0 {
			gotLinks, gotHTML, gotOther := structure(words)
			assert.Equal(t, links, gotLinks, "%q", words)
			assert.Equal(t, html, gotHTML, "%q", words)
			assert.Equal(t, other, gotOther, "%q", words)
		}
	}
}
