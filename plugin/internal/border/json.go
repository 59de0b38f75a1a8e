package border

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// dataLine is a line of JSON or YAML that was written with one scalar in a line.
func (w *Writer) dataLine(line string) string {
	line = escape(w.hideJSON(line), w.data, "\t")
	return disarmed(line, `\u0023#`)
}

// keyLength is how long the key is that a line begins with, indentation included.
func keyLength(line string) int {
	name, quoted := strings.CutPrefix(strings.TrimLeft(line, " \t\f\r"), `"`)
	rest := strings.TrimLeftFunc(name, func(r rune) bool {
		return r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
	})
	if value, found := strings.CutPrefix(rest, `": `); quoted && found && rest != name {
		return len(line) - len(value)
	}
	return 0
}

// hideJSON hides what is secret in the string that ends a line of JSON, and leaves
// the rest: the keys, and what makes it JSON, are ours.
func (w *Writer) hideJSON(line string) string {
	start := keyLength(line)
	from := strings.IndexByte(line[start:], '"') + start
	to := strings.LastIndexByte(line, '"') + 1
	if from < start || to-from < 2 {
		return line
	}
	if !strings.Contains(line[from:to], `\`) && w.known.Hide(line[from:to]) == line[from:to] {
		return line
	}
	var text string
	if err := json.Unmarshal([]byte(line[from:to]), &text); err != nil {
		return line[:from] + `"` + secrets.Hidden + `"` + line[to:]
	}
	hidden := w.known.Hide(text)
	if hidden == text {
		return line
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(hidden); err != nil {
		return line[:from] + `"` + secrets.Hidden + `"` + line[to:]
	}
	return line[:from] + strings.TrimSuffix(out.String(), "\n") + line[to:]
}

// unicodeEscape is the notation of JSON.
func unicodeEscape(r rune, invalid bool) string {
	if invalid {
		return `\ufffd`
	}
	if high, low := utf16.EncodeRune(r); high != '\uFFFD' {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// yamlEscape is the notation of YAML, which knows no pairs of surrogates.
func yamlEscape(r rune, invalid bool) string {
	if !invalid && r > 0xFFFF {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return unicodeEscape(r, invalid)
}
