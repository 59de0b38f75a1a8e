package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Assignment is a variable that a service gets.
type Assignment struct {
	Name, Text string
	// Line is where it begins, 1-based.
	Line int
	// Unknown is a specifier in it that is known to the host only; empty where all
	// is known. An environment file has no specifiers.
	Unknown string
}

// Remark is a line of an environment file that systemd reads in a way which few
// writers mean.
type Remark struct {
	Line int
	Kind RemarkKind
	// Name is that of the variable, as far as the line has one.
	Name string
}

// RemarkKind says what is remarkable.
type RemarkKind int

// The kinds of remarks.
const (
	// NoAssignment: the line has no equal sign, and is ignored.
	NoAssignment RemarkKind = iota + 1
	// Export: the line begins with export, and is ignored.
	Export
	// InvalidName: the name is none that a variable can have, and the line is
	// ignored.
	InvalidName
	// OpenQuote: a quote is not closed, and all that follows it is the value.
	OpenQuote
	// ContinuedComment: a comment ends with a backslash; systemd before 254 takes
	// the next line for a part of it.
	ContinuedComment
)

// Ignored says that the line gives the service no variable.
func (r Remark) Ignored() bool {
	return r.Kind == NoAssignment || r.Kind == Export || r.Kind == InvalidName
}

// EnvFile is what an environment file gives to a service.
type EnvFile struct {
	// Assignments are in the order of the file; of several with one name the last
	// one counts.
	Assignments []Assignment
	Remarks     []Remark
}

// The reasons for which systemd does not start a service with a file.
var (
	ErrNUL  = errors.New("it holds a NUL byte")
	ErrUTF8 = errors.New("it is not valid UTF-8")
)

// UTF8Error is ErrUTF8 with the line.
type UTF8Error struct{ Line int }

func (e *UTF8Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, ErrUTF8) }

// Unwrap is ErrUTF8.
func (*UTF8Error) Unwrap() error { return ErrUTF8 }

// ParseEnvFile reads an environment file. An error says why systemd would not
// start the service.
func ParseEnvFile(content []byte) (EnvFile, error) {
	if bytes.IndexByte(content, 0) >= 0 {
		return EnvFile{}, ErrNUL
	}
	p := envParser{line: 1}
	for i := range content {
		p.step(content[i])
		if content[i] == '\n' {
			p.line++
		}
		if p.err != nil {
			return EnvFile{}, p.err
		}
	}
	p.end()
	return p.file, p.err
}

// state is that of env-file.c's parser, by its names.
type state int

const (
	preKey state = iota
	inKey
	preValue
	inValue
	valueEscape
	singleQuote
	doubleQuote
	doubleQuoteEscape
	inComment
	commentEscape
)

type envParser struct {
	state state
	// line is the current one; start that of the key, quote that of the last
	// opening quote.
	line, start, quote int
	key, value         []byte
	// trimKey and trimValue are from where on there is only whitespace; -1 for
	// nowhere.
	trimKey, trimValue int
	file               EnvFile
	err                error
}

func (p *envParser) step(c byte) {
	switch p.state {
	case preKey:
		p.beforeKey(c)
	case inKey:
		p.inKey(c)
	case preValue:
		p.beforeValue(c)
	case inValue:
		p.inValue(c)
	case valueEscape:
		p.state = inValue
		if !in(newline, c) {
			p.value = append(p.value, c)
		}
	case singleQuote, doubleQuote:
		p.quoted(c)
	case doubleQuoteEscape:
		p.state = doubleQuote
		switch {
		case in("\"\\`$", c):
			p.value = append(p.value, c)
		case c != '\n':
			p.value = append(p.value, '\\', c)
		}
	case inComment:
		p.comment(c)
	case commentEscape:
		p.state = inComment
		if in(newline, c) {
			p.remark(ContinuedComment, p.line, "")
		}
	}
}

func (p *envParser) beforeKey(c byte) {
	switch {
	case in(comments, c):
		p.state = inComment
	case !in(whitespace, c):
		p.state, p.start = inKey, p.line
		p.key, p.trimKey = append(p.key[:0], c), -1
	}
}

func (p *envParser) inKey(c byte) {
	switch {
	case in(newline, c):
		p.state = preKey
		p.remark(NoAssignment, p.start, "")
	case c == '=':
		p.state = preValue
		p.value, p.trimValue = p.value[:0], -1
	default:
		p.key, p.trimKey = trimmed(p.key, p.trimKey, c)
	}
}

func (p *envParser) beforeValue(c byte) {
	switch {
	case in(newline, c):
		p.push()
	case c == '\'':
		p.state, p.quote = singleQuote, p.line
	case c == '"':
		p.state, p.quote = doubleQuote, p.line
	case c == '\\':
		p.state = valueEscape
	case !in(whitespace, c):
		p.state = inValue
		p.value = append(p.value, c)
	}
}

func (p *envParser) inValue(c byte) {
	switch {
	case in(newline, c):
		p.push()
	case c == '\\':
		p.state, p.trimValue = valueEscape, -1
	default:
		p.value, p.trimValue = trimmed(p.value, p.trimValue, c)
	}
}

func (p *envParser) quoted(c byte) {
	switch {
	case c == '\'' && p.state == singleQuote, c == '"' && p.state == doubleQuote:
		p.state = preValue
	case c == '\\' && p.state == doubleQuote:
		p.state = doubleQuoteEscape
	default:
		p.value = append(p.value, c)
	}
}

func (p *envParser) comment(c byte) {
	switch {
	case c == '\\':
		p.state = commentEscape
	case in(newline, c):
		p.state = preKey
	}
}

// trimmed appends a character, and keeps from where on there is only whitespace.
func trimmed(text []byte, from int, c byte) ([]byte, int) {
	switch {
	case !in(whitespace, c):
		from = -1
	case from < 0:
		from = len(text)
	}
	return append(text, c), from
}

// end takes what stands at the end of a file without a last newline.
func (p *envParser) end() {
	switch p.state {
	case singleQuote, doubleQuote, doubleQuoteEscape:
		p.remark(OpenQuote, p.quote, strings.TrimRight(string(p.key), whitespace))
		p.push()
	case preValue, inValue, valueEscape:
		p.push()
	case inKey:
		p.remark(NoAssignment, p.start, "")
	case preKey, inComment, commentEscape:
	}
}

// push ends an assignment.
func (p *envParser) push() {
	if p.state == inValue && p.trimValue >= 0 {
		p.value = p.value[:p.trimValue]
	}
	p.state = preKey
	if p.trimKey >= 0 {
		p.key = p.key[:p.trimKey]
	}
	name, text := string(p.key), string(p.value)
	switch {
	case !validUTF8(name) || !validUTF8(text):
		p.err = &UTF8Error{Line: p.start}
	case strings.HasPrefix(name, "export ") || strings.HasPrefix(name, "export\t"):
		p.remark(Export, p.start, strings.TrimSpace(name[len("export"):]))
	case !validName(name):
		p.remark(InvalidName, p.start, "")
	default:
		p.file.Assignments = append(p.file.Assignments, Assignment{Name: name, Text: text, Line: p.start})
	}
}

func (p *envParser) remark(kind RemarkKind, line int, name string) {
	if !validName(name) {
		name = ""
	}
	p.file.Remarks = append(p.file.Remarks, Remark{Line: line, Kind: kind, Name: name})
}
