package manual

import (
	"regexp"

	"github.com/yuin/goldmark/ast"
)

// source finds the pictures in a <picture>.
var source = regexp.MustCompile(`\b(?:src|srcset|href)="([^"]*)"`)

// Links are the targets of the links and pictures of the page, as they are written.
func (p Page) Links() []string {
	var links []string
	each(p, func(l *ast.Link) { links = append(links, string(l.Destination)) })
	each(p, func(l *ast.AutoLink) { links = append(links, string(l.URL(p.source))) })
	each(p, func(i *ast.Image) { links = append(links, string(i.Destination)) })
	html := func(raw []byte) {
		for _, m := range source.FindAllSubmatch(raw, -1) {
			links = append(links, string(m[1]))
		}
	}
	each(p, func(b *ast.HTMLBlock) { html(b.Lines().Value(p.source)) })
	each(p, func(r *ast.RawHTML) { html(r.Segments.Value(p.source)) })
	return links
}
