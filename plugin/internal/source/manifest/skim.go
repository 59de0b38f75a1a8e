package manifest

import (
	"bytes"
	"slices"
	"sync"

	"gopkg.in/yaml.v3"
)

// Skim reads what Decode reads, and says the same of it. A document in the plain form
// that programs write is decoded only when somebody looks into it: of a whole cluster,
// most is nobody's business.
func Skim(text []byte, file string) ([]Object, error) {
	objects := make([]Object, 0, bytes.Count(text, []byte("\n---\n"))+1)
	// A run are documents that must be decoded at once.
	var run []document
	decode := func() error {
		if len(run) == 0 {
			return nil
		}
		first, last := run[0], run[len(run)-1]
		found, err := decoded(text[first.from:last.to], file)
		for _, o := range found {
			move(o.node, first.line)
		}
		objects, run = append(objects, found...), nil
		return err
	}
	s := skimmer{words: map[string]string{}}
	commented := false
	for d := range documents(text) {
		content := text[d.content:d.to]
		// A comment may belong to what follows it.
		header, plain := s.skim(content)
		if !plain || commented {
			commented = bytes.IndexByte(content, '#') >= 0
			run = append(run, d)
			continue
		}
		if decode() != nil {
			// Together with the rest it may make sense, and otherwise the error names
			// the line.
			return Decode(bytes.NewReader(text), file)
		}
		header.File = file
		header.later = &later{text: content, line: d.contentLine}
		objects = append(objects, header)
	}
	if decode() != nil {
		return Decode(bytes.NewReader(text), file)
	}
	return objects, nil
}

// decoded is Decode of a part of a stream.
func decoded(text []byte, file string) ([]Object, error) { return Decode(bytes.NewReader(text), file) }

// move adds to the lines of a node and all below it. What an alias stands for is below
// something else.
func move(node *yaml.Node, lines int) {
	node.Line += lines
	for _, child := range node.Content {
		move(child, lines)
	}
}

// document is where a document of a stream is: with the line "---" that begins it, and
// its content without.
type document struct {
	from, content, to int
	// line and contentLine are how many lines stand before.
	line, contentLine int
}

// documents are those between the lines "---".
func documents(text []byte) func(yield func(document) bool) {
	return func(yield func(document) bool) {
		d := document{}
		line := 0
		for at := 0; at < len(text); {
			end := at + bytes.IndexByte(text[at:], '\n') + 1
			if end == at {
				end = len(text)
			}
			if bytes.Equal(bytes.TrimSuffix(text[at:end], []byte("\n")), []byte("---")) {
				d.to = at
				if d.to > d.from && !yield(d) {
					return
				}
				d = document{from: at, content: end, line: line, contentLine: line + 1}
			}
			at = end
			line++
		}
		if d.to = len(text); d.to > d.from {
			yield(d)
		}
	}
}

// later is an object that is decoded when somebody looks into it.
type later struct {
	text []byte
	line int
	once sync.Once
	node *yaml.Node
}

func (l *later) decode() *yaml.Node {
	l.once.Do(func() {
		var doc yaml.Node
		if err := yaml.Unmarshal(l.text, &doc); err != nil || len(doc.Content) == 0 {
			// skim knows better; an empty mapping has no field that is wrong.
			doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
		}
		move(&doc, l.line)
		l.node = doc.Content[0]
	})
	return l.node
}

// root is the mapping that the object is.
func (o Object) root() *yaml.Node {
	if o.later != nil {
		return o.later.decode()
	}
	return o.node
}

// Skimmed says whether the object is decoded only when somebody looks into it.
func (o Object) Skimmed() bool { return o.later != nil }

// Mentions says whether the object may hold one of the words: it is not looked into
// for that.
func (o Object) Mentions(words ...string) bool {
	return o.later == nil || slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(o.later.text, []byte(word)) })
}
