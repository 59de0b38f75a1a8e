package inject

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// same holds the objects of the result to what was meant: the lists as planned, and
// everything else as it was.
func same(before, after []manifest.Object, lists []*list) bool {
	c := comparison{lists: map[position]*list{}}
	for _, l := range lists {
		c.lists[position{l.container.Line, l.container.Column}] = l
	}
	return slices.EqualFunc(before, after, func(a, b manifest.Object) bool { return c.same(a.Node(), b.Node()) })
}

// position is where a node begins.
type position struct{ line, column int }

type comparison struct{ lists map[position]*list }

// same says whether two nodes say the same, but for the lists that were planned.
func (c comparison) same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor {
		return false
	}
	if l := c.lists[position{a.Line, a.Column}]; l != nil && a.Kind == yaml.MappingNode && len(a.Content) == len(l.container.Content) {
		return c.planned(l, a, b)
	}
	if len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !c.same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// planned compares a container whose env was changed.
func (c comparison) planned(l *list, a, b *yaml.Node) bool {
	was, is := keyAt(a, "env"), keyAt(b, "env")
	if is < 0 || len(b.Content[is+1].Content) != len(l.slots) {
		return false
	}
	env := b.Content[is+1]
	for i, s := range l.slots {
		switch {
		case s.entry != nil:
			if !says(env.Content[i], *s.entry) {
				return false
			}
		case !c.same(s.item, env.Content[i]):
			return false
		}
	}
	return c.same(without(a, was), without(b, is))
}

// without is a mapping without one of its keys.
func without(n *yaml.Node, at int) *yaml.Node {
	out := *n
	out.Content = nil
	for i, child := range n.Content {
		if at < 0 || i != at && i != at+1 {
			out.Content = append(out.Content, child)
		}
	}
	// It is no longer the place that is looked for.
	out.Line = 0
	return &out
}

// written are the entries of the plan that stand in the input otherwise or not at
// all.
func (l *list) written() []coder.Entry {
	var out []coder.Entry
	for _, s := range l.slots {
		if s.entry != nil {
			out = append(out, *s.entry)
		}
	}
	return out
}
