package inject

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// blockItems writes entries as items in block style, each line between two texts.
func (*list) blockItems(entries []coder.Entry, column int, before, after string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(coder.YAML(entries), "\n") {
		out.WriteString(before + strings.Repeat(" ", column) + line + after)
	}
	return out.String()
}

// addToFlow writes entries behind the last item of a list in brackets.
func (l *list) addToFlow(last *yaml.Node, entries []coder.Entry) {
	at := l.text.end(last, -1)
	separator := l.separator(last)
	l.edit(at, at, separator+l.flowItems(entries, separator, l.quoted(last)))
}

// separator is what stands between two items of a list in brackets: each may have
// a line of its own.
func (l *list) separator(item *yaml.Node) string { return l.separatorAfter(item) }

// separatorAfter is what to write between a node in brackets and the next one.
func (l *list) separatorAfter(n *yaml.Node) string {
	t := l.text
	at := t.at(n)
	if start := t.lineStart(at); t.blankBetween(start, at) {
		return "," + t.newline(start) + string(t.bytes[start:at])
	}
	return ", "
}

// flowItems writes entries as items in brackets.
func (*list) flowItems(entries []coder.Entry, separator string, quoted bool) string {
	var items []string
	for _, e := range entries {
		items = append(items, flowEntry(e, quoted))
	}
	return strings.Join(items, separator)
}

// flowList writes a whole list in brackets as the value of a key: on several lines
// where the key begins a line.
func (l *list) flowList(entries []coder.Entry, key *yaml.Node) string {
	separator := l.separatorAfter(key)
	quoted := l.quoted(l.container)
	if separator == ", " {
		return "[" + l.flowItems(entries, separator, quoted) + "]"
	}
	newline := strings.TrimPrefix(separator, ",")
	inner := newline + l.step(key)
	return "[" + inner + l.flowItems(entries, ","+inner, quoted) + newline + "]"
}

// step is what one level of indentation is made of around a key that begins a
// line: how much deeper it stands than the line of the bracket before it.
func (l *list) step(key *yaml.Node) string {
	t := l.text
	start := t.lineStart(t.at(key))
	own := string(t.bytes[start:t.at(key)])
	line := t.line(t.at(l.container))
	outer := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if step, ok := strings.CutPrefix(own, outer); ok && step != "" {
		return step
	}
	return "  "
}

// flowEntry writes one entry in braces.
func flowEntry(e coder.Entry, quoted bool) string {
	pair := func(key, value string) string { return "{" + quote(key, quoted) + ": " + value + "}" }
	if e.FieldPath == "" {
		return "{" + quote("name", quoted) + ": " + quote(e.Name, quoted) + ", " + quote("value", quoted) + ": " + strconv.Quote(e.Value) + "}"
	}
	return "{" + quote("name", quoted) + ": " + quote(e.Name, quoted) + ", " + quote("valueFrom", quoted) + ": " +
		pair("fieldRef", pair("fieldPath", quote(e.FieldPath, quoted))) + "}"
}

// quote writes a plain word, in quotes where the text around it is JSON.
func quote(word string, quoted bool) string {
	if quoted {
		return strconv.Quote(word)
	}
	return word
}

// rewrite makes an item say what an entry says, and leaves its name as it is. It
// says whether it can.
func (l *list) rewrite(i int, e coder.Entry) bool {
	item := l.slots[i].item
	if item == nil || item.Kind != yaml.MappingNode {
		return false
	}
	value, from := keyAt(item, "value"), keyAt(item, "valueFrom")
	quoted := l.quoted(item)
	switch {
	case value >= 0 && from >= 0 || value < 0 && from < 0:
		return false
	case value >= 0 && e.FieldPath == "":
		key, old := item.Content[value], item.Content[value+1]
		l.replace(key, old, scalar(e.Value, old, l.flow(item)))
	default:
		at := max(value, from)
		key, old := item.Content[at], item.Content[at+1]
		start := l.text.at(key)
		text := quote("value", quoted) + ": " + scalar(e.Value, nil, l.flow(item))
		if e.FieldPath != "" {
			text = quote("valueFrom", quoted) + ": {" + quote("fieldRef", quoted) + ": {" + quote("fieldPath", quoted) + ": " + quote(e.FieldPath, quoted) + "}}"
		}
		l.edit(start, l.text.endOfPair(key, old, l.text.column(start)), text)
	}
	l.slots[i].entry = &e
	return true
}

// scalar writes a text in the style of the one that it replaces. In block style
// the texts of this package need no quotes; in brackets they may.
func scalar(text string, old *yaml.Node, flow bool) string {
	switch {
	case old != nil && old.Style&yaml.SingleQuotedStyle != 0:
		return "'" + text + "'"
	case flow, old != nil && old.Style&yaml.DoubleQuotedStyle != 0:
		return strconv.Quote(text)
	default:
		return text
	}
}

// says tells whether an item of the result is an entry.
func says(item *yaml.Node, e coder.Entry) bool {
	text := func(path ...any) string {
		if n := manifest.Child(item, path...); n != nil {
			return n.Value
		}
		return ""
	}
	return item.Kind == yaml.MappingNode && len(item.Content) == 4 && text("name") == e.Name &&
		text("value") == e.Value && text("valueFrom", "fieldRef", "fieldPath") == e.FieldPath
}
