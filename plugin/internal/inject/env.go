package inject

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// slot is one item of an env list as it will be: an item of the input, or an entry
// that is written.
type slot struct {
	item *yaml.Node
	// entry replaces the item, or is new where there is no item.
	entry *coder.Entry
}

// list is the env of a container, and what shall become of it.
type list struct {
	text      *text
	container *yaml.Node
	// parentKey and parent are those of the list that the container stands in.
	parentKey, parent *yaml.Node
	// key and node are those of env; nil where the container has none.
	key, node *yaml.Node
	slots     []slot
	edits     []edit
	// added are entries that are not written yet.
	added []coder.Entry
	// moved is an item that leaves its place.
	moved *yaml.Node
}

func newList(t *text, p place) *list {
	l := &list{text: t, container: p.container, parentKey: p.parentKey, parent: p.parent}
	if at := keyAt(p.container, "env"); at >= 0 {
		l.key, l.node = p.container.Content[at], p.container.Content[at+1]
		for _, item := range l.node.Content {
			l.slots = append(l.slots, slot{item: item})
		}
	}
	return l
}

// keyAt is the index of a key in a mapping, -1 where it is not there. The last one
// counts, as it does for the API server.
func keyAt(mapping *yaml.Node, key string) int {
	for i := len(mapping.Content) - 2; i >= 0; i -= 2 {
		if mapping.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// index is where the last entry of a name stands, -1 where there is none.
func (l *list) index(name string) int {
	for i, s := range slices.Backward(l.slots) {
		if s.name() == name {
			return i
		}
	}
	return -1
}

func (s slot) name() string {
	if s.entry != nil {
		return s.entry.Name
	}
	if name := manifest.Child(s.item, "name"); name != nil {
		return name.Value
	}
	return ""
}

// add puts entries behind all others; finish writes them.
func (l *list) add(entries ...coder.Entry) {
	for _, e := range entries {
		l.slots = append(l.slots, slot{entry: &e})
	}
	l.added = append(l.added, entries...)
}

// finish writes what was added.
func (l *list) finish() {
	last := l.last()
	switch {
	case len(l.added) == 0:
	case l.node == nil:
		l.addKey(l.added)
	case last != nil && l.flow(l.node):
		l.addToFlow(last, l.added)
	case last != nil:
		l.addToBlock(last, l.added)
	case l.flow(l.container):
		l.replace(l.key, l.node, l.flowList(l.added, l.key))
	default:
		l.fillBlock(l.added)
	}
}

// last is the last item of the input that stays in its place; nil where there is
// none.
func (l *list) last() *yaml.Node {
	if l.node == nil {
		return nil
	}
	for _, item := range slices.Backward(l.node.Content) {
		if item != l.moved {
			return item
		}
	}
	return nil
}

func (l *list) edit(from, to int, text string) {
	l.edits = append(l.edits, edit{from: from, to: to, text: text})
}

// replace puts a text in the place of the value of a key.
func (l *list) replace(key, value *yaml.Node, text string) {
	if absent(value) {
		colon := l.text.colon(key, -1)
		l.edit(colon, colon, " "+text)
		return
	}
	l.edit(l.text.at(value), l.text.end(value, l.text.column(l.text.at(key))), text)
}

// before puts entries in front of an item, and of the comments above it.
func (l *list) before(i int, entries ...coder.Entry) {
	item := l.slots[i].item
	var added []slot
	for _, e := range entries {
		added = append(added, slot{entry: &e})
	}
	l.slots = slices.Insert(l.slots, i, added...)
	if l.flow(l.node) {
		l.edit(l.text.at(item), l.text.at(item), l.flowItems(entries, l.separator(item), l.quoted(item))+l.separator(item))
		return
	}
	at := l.above(l.dashLine(item))
	l.edit(at, at, l.blockItems(entries, l.dashColumn(), "", l.text.newline(at)))
}

// move puts an item in front of an earlier one. Both are in block style, each on
// lines of its own, or both are in flow style.
func (l *list) move(from, to int) {
	moved, item := l.slots[from].item, l.slots[to].item
	l.moved = moved
	l.slots = slices.Insert(slices.Delete(l.slots, from, from+1), to, slot{item: moved})
	t := l.text
	if l.flow(l.node) {
		start, end := t.at(moved), t.end(moved, -1)
		before := t.end(l.node.Content[slices.Index(l.node.Content, moved)-1], -1)
		l.edit(t.at(item), t.at(item), string(t.bytes[start:end])+l.separator(item))
		l.edit(before, end, "")
		return
	}
	start, end := l.dashLine(moved), t.lineEnd(t.end(moved, l.dashColumn()))
	at := l.above(l.dashLine(item))
	l.edit(at, at, string(t.bytes[start:end])+t.newline(at))
	if end == len(t.bytes) {
		// Nothing ends the last line: the break before it goes instead.
		l.edit(start-len(t.newline(start-1)), end, "")
		return
	}
	l.edit(start, t.nextLine(end), "")
}

// dashColumn is how many spaces stand before the dashes of a list in block style.
func (l *list) dashColumn() int { return l.text.column(l.text.content(l.node)) }

// dashLine is the offset of the line with the dash of an item.
func (l *list) dashLine(item *yaml.Node) int {
	dash := strings.Repeat(" ", l.dashColumn()) + "-"
	at := l.text.lineStart(l.text.at(item))
	for at > 0 && !strings.HasPrefix(string(l.text.bytes[at:l.text.lineEnd(at)]), dash) {
		at = l.text.lineStart(at - 1)
	}
	return at
}

// above goes up from the offset of a line over the lines of comment above it.
func (l *list) above(at int) int {
	for at > 0 {
		before := l.text.lineStart(at - 1)
		if !strings.HasPrefix(strings.TrimLeft(l.text.line(before), " \t"), "#") {
			return at
		}
		at = before
	}
	return at
}

// flow says whether a collection is written in brackets.
func (*list) flow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// quoted says whether the keys of a mapping are in quotes, as JSON's are.
func (*list) quoted(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && len(n.Content) > 0 && n.Content[0].Style&yaml.DoubleQuotedStyle != 0
}

// addToBlock writes entries behind the last item.
func (l *list) addToBlock(last *yaml.Node, entries []coder.Entry) {
	at := l.text.lineEnd(max(l.text.end(last, l.dashColumn()), l.dashLine(last)))
	l.edit(at, at, l.blockItems(entries, l.dashColumn(), l.text.newline(at), ""))
}

// fillBlock writes entries into a list that is empty or null, in a mapping in
// block style.
func (l *list) fillBlock(entries []coder.Entry) {
	t := l.text
	colon := t.colon(l.key, -1)
	start, end := colon, colon
	if !absent(l.node) {
		start, end = t.at(l.node), t.end(l.node, l.text.column(t.at(l.key)))
	}
	if colon < start && t.blankBetween(colon, start) && t.blankBetween(end, t.lineEnd(end)) {
		start = colon
	}
	l.edit(start, end, "")
	at := t.lineEnd(end)
	l.edit(at, at, l.blockItems(entries, l.itemsColumn(t.column(t.at(l.key))), t.newline(at), ""))
}

// itemsColumn is how far the items of a list below a key are indented: as far as
// the containers themselves, which may stand right below the key as Helm and
// Kustomize write it.
func (l *list) itemsColumn(key int) int {
	t := l.text
	if l.flow(l.parent) {
		return key + 2
	}
	return key + max(0, t.column(t.content(l.parent))-t.column(t.at(l.parentKey)))
}

// addKey writes env into a container that has none, behind its image.
func (l *list) addKey(entries []coder.Entry) {
	t := l.text
	after := max(keyAt(l.container, "image"), 0)
	key, value := l.container.Content[after], l.container.Content[after+1]
	column := t.column(t.content(l.container))
	if l.flow(l.container) {
		at := t.endOfPair(key, value, -1)
		l.edit(at, at, l.separatorAfter(key)+quote("env", l.quoted(l.container))+": "+l.flowList(entries, key))
		return
	}
	at := t.lineEnd(t.endOfPair(key, value, column))
	newline := t.newline(at)
	l.edit(at, at, newline+strings.Repeat(" ", column)+"env:"+l.blockItems(entries, l.itemsColumn(column), newline, ""))
}
