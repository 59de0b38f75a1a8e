package deployment

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Text is a string in which parts that only the running cluster knows stand as
// symbols: the pod IP of a replica, the name of a Deployment's pod. Two symbols
// are the same exactly when their values will be.
type Text string

// A symbol is written as open, field, separator, owner, close. The marks come
// from Unicode's private use area, so that no manifest can hold them by chance.
const (
	symbolOpen  = "\uE000"
	symbolSep   = "\uE001"
	symbolClose = "\uE002"
)

var symbolPattern = regexp.MustCompile(symbolOpen + `([^` + symbolSep + `]*)` + symbolSep + `([^` + symbolClose + `]*)` + symbolClose)

// The fields that become symbols.
const (
	FieldPodIP   = "status.podIP"
	FieldHostIP  = "status.hostIP"
	FieldPodName = "metadata.name"
)

// Symbol is the text of a field that only the cluster knows; owner is what it
// belongs to, a replica as a rule.
func Symbol(field, owner string) Text {
	return Text(symbolOpen + field + symbolSep + owner + symbolClose)
}

// Literal is the text itself; ok is false if it holds a symbol.
func (t Text) Literal() (text string, ok bool) {
	return string(t), !strings.Contains(string(t), symbolOpen)
}

const hidden = "(hidden)"

var (
	queryPattern = regexp.MustCompile(`\?\S+`)
	// databasePattern finds connection URLs and strings, whose secrets may stand
	// anywhere.
	databasePattern = regexp.MustCompile(`(?i)postgres(ql)?:|password\s*=`)
)

// String shows symbols as <coder-0.status.podIP>, and hides what may be a secret:
// the user info and the query of a URL, and all of a database's URL. A password
// that is not percent-encoded may hold any character, so all up to the last @ is
// taken for user info.
func (t Text) String() string {
	shown := symbolPattern.ReplaceAllString(string(t), "<$2.$1>")
	if databasePattern.MatchString(shown) {
		return hidden
	}
	if text := strings.TrimSpace(shown); strings.ContainsAny(text, "\r\n") {
		return "(a text of several lines, not shown)"
	}
	shown = escapeControls(shown)
	if at := strings.LastIndex(shown, "@"); at >= 0 {
		start := 0
		if scheme := strings.Index(shown[:at], "://"); scheme >= 0 {
			start = scheme + len("://")
		}
		shown = shown[:start] + hidden + shown[at:]
	}
	return queryPattern.ReplaceAllString(shown, "?"+hidden)
}

// escapeControls makes characters visible that a terminal would obey.
func escapeControls(text string) string {
	var out strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			quoted := strconv.QuoteRune(r)
			out.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// Fill puts what the cluster knows in the place of the symbols of fields; ok is false
// where it does not know one of them.
func (t Text) Fill(know func(field, owner string) (text string, ok bool)) (filled string, ok bool) {
	ok = true
	filled = symbolPattern.ReplaceAllStringFunc(string(t), func(symbol string) string {
		m := symbolPattern.FindStringSubmatch(symbol)
		text, known := know(m[1], m[2])
		ok = ok && known
		return text
	})
	return filled, ok
}

// HasField says whether a symbol of the field is part of the text.
func (t Text) HasField(field string) bool {
	return strings.Contains(string(t), symbolOpen+field+symbolSep)
}

// IsField says whether the text is just one symbol of the field.
func (t Text) IsField(field string) bool {
	m := symbolPattern.FindStringSubmatch(string(t))
	return m != nil && m[0] == string(t) && m[1] == field
}

// Plain is the text with a name in place of each symbol, for reading what stands
// around them.
func (t Text) Plain() string {
	text, _ := t.Standin()
	return text
}

// Standin is the text with each symbol replaced by something that parses in
// its place, and the table to turn it back. A symbol in square brackets, where
// a URL holds IPv6 addresses, becomes an address of the documentation range
// (RFC 3849); any other becomes a host name under .invalid (RFC 2606).
func (t Text) Standin() (text string, back map[string]Text) {
	back = map[string]Text{}
	s := string(t)
	for {
		at := symbolPattern.FindStringIndex(s)
		if at == nil {
			return s, back
		}
		symbol, n := Text(s[at[0]:at[1]]), len(back)+1
		in := fmt.Sprintf("symbol-%d.invalid", n)
		if strings.HasSuffix(s[:at[0]], "[") && strings.HasPrefix(s[at[1]:], "]") {
			in = fmt.Sprintf("2001:db8::5:%x", n)
		}
		back[in] = symbol
		s = s[:at[0]] + in + s[at[1]:]
	}
}
