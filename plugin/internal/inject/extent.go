package inject

import (
	"bytes"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// YAML's nodes know where they begin, and not where they end: that is read from
// the text. What is read wrong here is noticed when the result is compared.

// content is the offset of a node behind its anchor and tag.
func (t *text) content(n *yaml.Node) int {
	i := t.at(n)
	if n.Kind == yaml.AliasNode {
		return i
	}
	for i < len(t.bytes) && (t.bytes[i] == '&' || t.bytes[i] == '!') {
		for i < len(t.bytes) && !blankOrBreak(t.bytes, i) {
			i++
		}
		i = t.skipBlank(i)
	}
	return i
}

// skipBlank goes over spaces, tabs, line breaks and comments.
func (t *text) skipBlank(i int) int {
	for i < len(t.bytes) {
		switch {
		case blankOrBreak(t.bytes, i):
			i += max(breakAt(t.bytes, i), 1)
		case t.bytes[i] == '#' && (i == 0 || blankOrBreak(t.bytes, i-1) || t.endsBreak(i)):
			i = t.lineEnd(i)
		default:
			return i
		}
	}
	return i
}

func blankOrBreak(stream []byte, i int) bool {
	return stream[i] == ' ' || stream[i] == '\t' || breakAt(stream, i) > 0
}

// end is the offset behind the last character of a node; parent is the
// indentation of what the node stands in, -1 at the top.
func (t *text) end(n *yaml.Node, parent int) int {
	if absent(n) {
		return t.at(n)
	}
	i := t.content(n)
	switch {
	case n.Kind == yaml.AliasNode:
		return min(i+1+len(n.Value), len(t.bytes))
	case n.Kind == yaml.ScalarNode:
		return t.endOfScalar(n, i, parent)
	case n.Style&yaml.FlowStyle != 0:
		return t.endOfFlow(n, i)
	case n.Kind == yaml.SequenceNode:
		return t.endOfLast(n.Content, i, t.column(i))
	default:
		return t.endOfPairs(n, i)
	}
}

// absent says whether a node has no text: it is null because nothing is there.
func absent(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style&^yaml.TaggedStyle == 0 && n.Anchor == "" && n.Tag == "!!null"
}

// endOfLast is the end of the last of some nodes, i where there are none.
func (t *text) endOfLast(nodes []*yaml.Node, i, parent int) int {
	if len(nodes) == 0 {
		return i
	}
	return max(i, t.end(nodes[len(nodes)-1], parent))
}

// endOfPairs is the end of a mapping in block style.
func (t *text) endOfPairs(n *yaml.Node, i int) int {
	if len(n.Content) == 0 {
		return i
	}
	last := len(n.Content) - 2
	return t.endOfPair(n.Content[last], n.Content[last+1], t.column(i))
}

// endOfPair is the end of a key with its value.
func (t *text) endOfPair(key, value *yaml.Node, parent int) int {
	colon := t.colon(key, parent)
	if absent(value) {
		return colon
	}
	return max(colon, t.end(value, parent))
}

// colon is the offset behind the colon of a key.
func (t *text) colon(key *yaml.Node, parent int) int {
	i := t.skipBlank(t.end(key, parent))
	if i < len(t.bytes) && t.bytes[i] == ':' {
		i++
	}
	return i
}

// endOfFlow is the offset behind the bracket that closes a collection.
func (t *text) endOfFlow(n *yaml.Node, i int) int {
	closing := byte(']')
	if n.Kind == yaml.MappingNode {
		closing = '}'
	}
	i = t.endOfLast(n.Content, i+1, -1)
	for i = t.skipBlank(i); i < len(t.bytes) && t.bytes[i] != closing; i = t.skipBlank(i) {
		i++
	}
	return min(i+1, len(t.bytes))
}

func (t *text) endOfScalar(n *yaml.Node, i, parent int) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for i++; i < len(t.bytes) && t.bytes[i] != '"'; i++ {
			if t.bytes[i] == '\\' {
				i++
			}
		}
		return min(i+1, len(t.bytes))
	case n.Style&yaml.SingleQuotedStyle != 0:
		for i++; i < len(t.bytes); i++ {
			if t.bytes[i] != '\'' {
				continue
			}
			if i+1 == len(t.bytes) || t.bytes[i+1] != '\'' {
				return i + 1
			}
			i++
		}
		return i
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return t.endOfBlock(i, parent)
	default:
		return t.endOfPlain(n.Value, i)
	}
}

// endOfPlain follows the characters of a value that may go over several lines,
// where it is folded.
func (t *text) endOfPlain(value string, i int) int {
	end := i
	for _, r := range value {
		if r == ' ' || r == '\t' || r == '\n' {
			continue
		}
		for i < len(t.bytes) && blankOrBreak(t.bytes, i) {
			i += max(breakAt(t.bytes, i), 1)
		}
		if got, width := utf8.DecodeRune(t.bytes[i:]); got == r {
			i += width
			end = i
		}
	}
	return end
}

// endOfBlock is the end of the last line of a literal or folded text, blank lines
// behind it included: they may be part of it.
func (t *text) endOfBlock(i, parent int) int {
	end := t.lineEnd(i)
	for start := t.nextLine(end); start < len(t.bytes); start = t.nextLine(start) {
		line := t.bytes[start:t.lineEnd(start)]
		text := bytes.TrimLeft(line, " ")
		if len(bytes.TrimSpace(text)) > 0 && len(line)-len(text) <= parent {
			break
		}
		end = start + len(line)
	}
	return end
}
