package main

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// change is one of a release, as Artifact Hub shows it.
type change struct {
	Kind        string `yaml:"kind"`
	Description string `yaml:"description"`
}

// changesOf are the changes of a version in a changelog: those under its heading,
// or under Unreleased where it has none yet. A point that is a list in itself counts
// with its first paragraph.
func changesOf(changelog []byte, version string) []change {
	document := goldmark.DefaultParser().Parse(text.NewReader(changelog))
	for _, heading := range []string{version, "Unreleased"} {
		if changes := pointsOf(document, changelog, heading); len(changes) > 0 {
			return changes
		}
	}
	return nil
}

// pointsOf reads the points below the heading of a version.
func pointsOf(document ast.Node, source []byte, version string) []change {
	var changes []change
	inside, kind := false, ""
	for node := document.FirstChild(); node != nil; node = node.NextSibling() {
		switch node := node.(type) {
		case *ast.Heading:
			title := plain(node, source)
			if node.Level <= 2 {
				first, _, _ := strings.Cut(title, " ")
				inside = strings.Trim(first, "[]") == version
			}
			kind = strings.ToLower(title)
		case *ast.List:
			for item := node.FirstChild(); inside && item != nil; item = item.NextSibling() {
				changes = append(changes, change{kind, strings.TrimSuffix(plain(item.FirstChild(), source), ":")})
			}
		}
	}
	return changes
}

// plain is the text of a paragraph without its markup.
func plain(node ast.Node, source []byte) string {
	var out strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			out.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				out.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.Join(strings.Fields(out.String()), " ")
}
