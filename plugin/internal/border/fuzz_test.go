package border_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// FuzzNothingHostileLeaves writes any text with a secret in any of its forms.
func FuzzNothingHostileLeaves(f *testing.F) {
	f.Add("postgres://coder:", "hunter2hunter", "@db/coder", uint8(0))
	f.Add("\x1b[2J\u202e::error::", "it's \"q\\uoted\"", "\n##[error]", uint8(3))
	f.Add("%4\\u006", "a b&c%d+e/f?g#h", "&#x41;\r\n ", uint8(7))
	f.Add("password=(hidden", "(hidden)(hidden)x", ")hidden)", uint8(1))
	f.Add("-----BEGIN PRIVATE KEY-----", "-----END-----", "\xff\xc3", uint8(9))
	f.Add("------", "a\nb\nc\nd\ne\nf\ng", "------", uint8(4))
	f.Fuzz(func(t *testing.T, before, secret, after string, form uint8) {
		known := secrets.New()
		known.Add(secret)
		text := before + inForm(secret, form) + after

		var out bytes.Buffer
		w := border.New(&out, known)
		w.Say("coder-ha: ", text)
		said := out.String()
		checkShown(t, said)
		checkSecret(t, known, secret, said)
		for _, line := range strings.Split(strings.TrimSuffix(said, "\n"), "\n")[1:] {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("a line that passes for ours: %q of %q", line, said)
			}
		}

		out.Reset()
		half := len(text) / 2
		_, _ = w.Write([]byte(text[:half]))
		_, _ = w.Write([]byte(text[half:]))
		_ = w.Flush()
		checkShown(t, out.String())
		again := out.String()
		out.Reset()
		_, _ = border.New(&out, known).Write([]byte(again + "\n"))
		if got := strings.TrimSuffix(out.String(), "\n"); got != again {
			t.Errorf("written twice, %q becomes %q", again, got)
		}

		out.Reset()
		enc := json.NewEncoder(border.New(&out, known).JSON())
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		_ = enc.Encode(map[string]any{"text": text, "texts": []string{text, secret, after}})
		checkShown(t, out.String())
		var got struct{ Text string }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v: %q", err, out.String())
		}
		checkSecret(t, known, secret, got.Text)
	})
}

// inForm is a text in one of the forms that programs give it.
func inForm(text string, form uint8) string {
	quoted, _ := json.Marshal(text)
	all := []string{
		text, url.QueryEscape(text), url.PathEscape(text), string(quoted), base64.StdEncoding.EncodeToString([]byte(text)),
		strings.ToUpper(text), strings.ReplaceAll(text, "", "\n  "), url.QueryEscape(url.QueryEscape(text)),
	}
	return all[int(form)%len(all)]
}

// checkShown holds a text to what a terminal may be given.
func checkShown(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			t.Errorf("%U in %q", r, text)
			return
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimLeft(line, " \t"), "::") || strings.Contains(line, "##[") {
			t.Errorf("a command of a runner: %q", line)
		}
	}
}

// checkSecret looks for a secret and for its parts. What stands in the place of
// secrets may be a part of one.
func checkSecret(t *testing.T, known *secrets.Known, secret, text string) {
	t.Helper()
	secret = strings.TrimSpace(secret)
	rest := strings.ReplaceAll(text, secrets.Hidden, "\x00")
	for i := 0; i+6 <= len(secret); i++ {
		part := secret[i : i+6]
		if strings.Contains(rest, part) && strings.Contains(known.Hide(part), secrets.Hidden) {
			t.Errorf("%q of the secret %q in %q", part, secret, text)
		}
	}
}
