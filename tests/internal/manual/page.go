// Package manual reads the pages of the manual as their readers do: the commands to
// paste, the files to write, the headings, and the links between them.
package manual

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// Contents is the file that lists the pages.
const Contents = "docs/manifest.json"

// Entry is a line of the table of contents.
type Entry struct {
	Title string `json:"title"`
	// Path is relative to docs, in slashes.
	Path string `json:"path"`
}

// File is the path of an entry from the root of the repository.
func (e Entry) File() string { return path.Join("docs", e.Path) }

// Entries is the table of contents.
func Entries() ([]Entry, error) {
	content, err := read(Contents)
	if err != nil {
		return nil, err
	}
	var contents struct {
		Pages []Entry `json:"pages"`
	}
	if err := json.Unmarshal(content, &contents); err != nil {
		return nil, fmt.Errorf("read %s: %w", Contents, err)
	}
	return contents.Pages, nil
}

// Page is one page in Markdown.
type Page struct {
	// File is its path from the root of the repository.
	File   string
	source []byte
	root   ast.Node
}

// Pages are the entries of the table of contents that are written in Markdown.
func Pages() ([]Page, error) {
	entries, err := Entries()
	if err != nil {
		return nil, err
	}
	var pages []Page
	for _, e := range entries {
		if path.Ext(e.Path) != ".md" {
			continue
		}
		p, err := Open(e.File())
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// Open reads one page, by its path from the root of the repository.
func Open(file string) (Page, error) {
	source, err := read(file)
	if err != nil {
		return Page{}, err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	return Page{File: file, source: source, root: markdown.Parser().Parse(text.NewReader(source))}, nil
}

func read(file string) ([]byte, error) {
	at, err := checkout.Path(file)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(at)
	if err != nil {
		return nil, fmt.Errorf("read the manual: %w", err)
	}
	return content, nil
}

// each visits the nodes of a page that are of one kind.
func each[N ast.Node](p Page, visit func(N)) {
	// The error can only be the visitor's, and this one has none.
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if node, ok := n.(N); ok && entering {
			visit(node)
		}
		return ast.WalkContinue, nil
	})
}

// Says whether a text stands in the page.
func (p Page) Says(words string) bool { return bytes.Contains(p.source, []byte(words)) }

// Titles are the headings of the first level.
func (p Page) Titles() []string {
	var titles []string
	each(p, func(h *ast.Heading) {
		if h.Level == 1 {
			titles = append(titles, p.textOf(h))
		}
	})
	return titles
}

// Anchors are what a link to a heading of the page can name.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	each(p, func(h *ast.Heading) {
		if id, ok := h.AttributeString("id"); ok {
			if name, ok := id.([]byte); ok {
				anchors[string(name)] = true
			}
		}
	})
	return anchors
}

// Codes are the pieces of code within sentences and tables.
func (p Page) Codes() []string {
	var codes []string
	each(p, func(c *ast.CodeSpan) { codes = append(codes, strings.ReplaceAll(p.textOf(c), `\|`, "|")) })
	return codes
}

func (p Page) textOf(n ast.Node) string {
	var b strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			b.Write(t.Segment.Value(p.source))
		} else {
			b.WriteString(p.textOf(child))
		}
	}
	return b.String()
}

// line is the number of the line at an offset.
func (p Page) line(offset int) int { return strings.Count(string(p.source[:offset]), "\n") + 1 }
