package manifest

import "bytes"

// skim reads apiVersion, kind, namespace and name of a document in plain form: block
// style in ASCII, each key and each scalar on one line or a block scalar, without
// comments, anchors, tags, escapes and merges. Such a document is right YAML for sure,
// within the limits, and what is in it stands in its text as it is. Any other is not
// plain.
func (s *skimmer) skim(text []byte) (o Object, plain bool) {
	*s = skimmer{words: s.words, open: s.open[:0]}
	if len(text) > mostPlain {
		return Object{}, false
	}
	for len(text) > 0 {
		line := text
		if end := bytes.IndexByte(text, '\n'); end >= 0 {
			line, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		if !s.line(line) {
			return Object{}, false
		}
	}
	o = s.object
	return o, o.APIVersion != "" && o.Kind != "" && !bytes.HasSuffix([]byte(o.Kind), []byte("List"))
}

const (
	// mostPlain is the most of a plain document, in bytes: more than a cluster stores.
	mostPlain = 4 << 20
	// longestKey is the longest key, in bytes. YAML takes 1024 characters.
	longestKey = 1000
	// deepestPlain is how many collections are open at most.
	deepestPlain = 40
)

// skimmer reads one document after the other, and is where in it it stands.
type skimmer struct {
	object Object
	// words are those that were read before in fields of which most objects share the
	// value: the names of objects are not among them.
	words map[string]string
	// open are the collections that are open, the outer ones first.
	open []collection
	// pending says that a key or a dash has no value yet: a collection may follow.
	pending bool
	// block says that a block scalar is open, which belongs to a collection of that
	// indentation; its own one is 0 before its first line.
	block         bool
	owner, indent int
	// metadata says that the last key of the document itself was metadata.
	metadata bool
}

// collection is a mapping or a list in block style.
type collection struct {
	column int
	list   bool
}

// line takes the next line, and says whether the document is plain so far.
func (s *skimmer) line(line []byte) bool {
	if len(line) == 0 {
		return true
	}
	column := 0
	for column < len(line) && line[column] == ' ' {
		column++
	}
	if column == len(line) {
		return false
	}
	if s.block {
		switch {
		case column >= max(s.indent, s.owner+1):
			if s.indent == 0 {
				s.indent = column
			}
			// A tab where the indentation ends may be an error.
			return line[column] != '\t' && printable(line, '\t')
		case column > s.owner:
			return false
		}
		s.block = false
	}
	if !printable(line, ' ') || line[len(line)-1] == ' ' {
		return false
	}
	for bytes.HasPrefix(line[column:], []byte("- ")) {
		if !s.enter(column, true) {
			return false
		}
		s.pending = true
		if column += 2; line[column] == ' ' {
			return false
		}
	}
	return s.content(line[column:], column)
}

// content is what stands behind the indentation and the dashes of a line.
func (s *skimmer) content(text []byte, column int) bool {
	key, value, found := cutKey(text)
	if !found {
		// The item of a list.
		return s.pending && len(s.open) > 0 && s.open[len(s.open)-1].list && s.open[len(s.open)-1].column < column && s.scalar(text, column-2)
	}
	if !s.enter(column, false) {
		return false
	}
	s.pending = len(value) == 0
	if !s.pending && !s.scalar(value, column) {
		return false
	}
	return s.header(key, value)
}

// enter goes to the collection of which an entry begins in a column.
func (s *skimmer) enter(column int, list bool) bool {
	closed := false
	for len(s.open) > 0 && s.open[len(s.open)-1].column > column {
		s.open, closed = s.open[:len(s.open)-1], true
	}
	if len(s.open) == 0 {
		s.open = append(s.open, collection{column, list})
		return !closed && !list && column == 0
	}
	last := s.open[len(s.open)-1]
	switch {
	case last.column == column && last.list == list:
		return true
	case last.column == column && last.list:
		// The list stood in the column of its key.
		s.open = s.open[:len(s.open)-1]
		return len(s.open) > 0 && s.open[len(s.open)-1] == collection{column, false}
	case closed || !s.pending || len(s.open) == deepestPlain:
		return false
	}
	s.open = append(s.open, collection{column, list})
	return true
}

// scalar is a value that ends with its line, or a block scalar that begins.
func (s *skimmer) scalar(text []byte, owner int) bool {
	s.pending = false
	switch first := text[0]; first {
	case '"', '\'':
		inner := text[1:]
		return len(inner) > 0 && bytes.IndexByte(inner, first) == len(inner)-1 && bytes.IndexByte(inner, '\\') < 0
	case '|', '>':
		s.block, s.owner, s.indent = true, owner, 0
		return len(text) == 1 || len(text) == 2 && (text[1] == '-' || text[1] == '+')
	case '{', '[':
		return string(text) == "{}" || string(text) == "[]"
	case '-':
		if len(text) == 1 || text[1] == ' ' {
			return false
		}
	case '+', '.', '/', '$', '(', '_':
	default:
		if !alphanumeric(first) {
			return false
		}
	}
	return !bytes.Contains(text, []byte(": ")) && !bytes.Contains(text, []byte(" #")) && text[len(text)-1] != ':'
}

// header remembers what names the object.
func (s *skimmer) header(key, value []byte) bool {
	top := len(s.open) == 1
	var field *string
	switch {
	case top:
		s.metadata = string(key) == "metadata"
		switch string(key) {
		case "apiVersion":
			field = &s.object.APIVersion
		case "kind":
			field = &s.object.Kind
		case "metadata":
			s.object.Namespace, s.object.Name = "", ""
			return len(value) == 0
		}
	case s.metadata && len(s.open) == 2 && !s.open[1].list:
		switch string(key) {
		case "namespace":
			field = &s.object.Namespace
		case "name":
			field = &s.object.Name
		}
	}
	if field == nil {
		return true
	}
	if len(value) > 1 && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : len(value)-1]
	} else if len(value) == 0 || !alphanumeric(value[0]) || bytes.EqualFold(value, []byte("null")) {
		return false
	}
	if field == &s.object.Name {
		*field = string(value)
		return true
	}
	word, known := s.words[string(value)]
	if !known {
		word = string(value)
		s.words[word] = word
	}
	*field = word
	return true
}

// cutKey takes a plain key off a line, and what stands behind it.
func cutKey(text []byte) (key, value []byte, found bool) {
	end := 0
	for end < len(text) && (alphanumeric(text[end]) || end > 0 && bytes.IndexByte([]byte("_-./"), text[end]) >= 0) {
		end++
	}
	switch {
	case end == 0 || end > longestKey || end == len(text) || text[end] != ':':
		return nil, nil, false
	case end+1 == len(text):
		return text[:end], nil, true
	case text[end+1] != ' ' || text[end+2] == ' ':
		return nil, nil, false
	}
	return text[:end], text[end+2:], true
}

func alphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// printable says whether a line is of printable ASCII and one character more.
func printable(line []byte, and byte) bool {
	for _, b := range line {
		if (b < 0x20 || b > 0x7E) && b != and {
			return false
		}
	}
	return true
}
