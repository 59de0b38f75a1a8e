// Package secrets knows the secrets of a run and finds secrets in texts: those
// that it was told of, in every form that a text can give them, and those that
// show themselves by their shape.
package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Hidden stands where a secret was.
const Hidden = "(hidden)"

// The shortest texts that are looked for. A part of a secret gives it away from
// leastPart characters on. A shorter secret is found as a word, and one below
// leastSecret not at all: it stands in texts for other reasons. The same holds for
// a text below leastWhole that is only made of a secret, such as a port.
const (
	leastPart   = 6
	leastSecret = 4
	leastWhole  = 8
)

// longest bounds the secrets whose every encoding is looked for; of a longer one,
// such as a chain of certificates with its key, the text itself is.
const longest = 4 << 10

// Known are the secrets of one run. The zero value knows none; a nil one learns
// none. It can be used by several goroutines.
type Known struct {
	mu sync.RWMutex
	// Everything below is in lower case: upper and lower case are one here.
	parts  map[uint64]bool
	whole  map[uint64][]string
	words  map[string]bool
	learnt map[string]bool
	// open are the words that are no secrets, even if a password is one of them.
	open  string
	early uint64
}

// New knows no secret. The words of the open texts are never hidden, even if a
// password is one of them: hiding the word postgres in every sentence would hide
// nothing, and tell that it is the password.
func New(open ...string) *Known {
	k := &Known{}
	k.Open(open...)
	return k
}

// Open adds texts that are shown anyway, such as the name of the database's host.
func (k *Known) Open(texts ...string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open += "\n" + fold(strings.Join(texts, "\n"))
}

// Add makes passwords, tokens and keys known.
func (k *Known) Add(texts ...string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, text := range texts {
		if text = strings.TrimSpace(text); k.learns(text) {
			k.add(text)
		}
	}
}

// AddWhole makes texts known that were made of secrets. Their parts may be
// ordinary, so they are hidden as they are, or not at all.
func (k *Known) AddWhole(texts ...string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, text := range texts {
		if len(text) >= leastWhole && k.learns(text) {
			k.addWhole(text)
		}
	}
}

// learns says whether the text is new.
func (k *Known) learns(text string) bool {
	if k.learnt == nil {
		k.learnt, k.words = map[string]bool{}, map[string]bool{}
		k.parts, k.whole = map[uint64]bool{}, map[uint64][]string{}
	}
	if len(text) < leastSecret || k.learnt[text] {
		return false
	}
	k.learnt[text] = true
	return true
}

func (k *Known) add(text string) {
	if len(text) < leastPart {
		k.words[fold(text)] = true
		return
	}
	k.addParts(text)
	k.addWhole(text)
	if len(text) > longest {
		return
	}
	// What is not undone by reading a text again: see decoded.
	for _, form := range []string{
		strings.ReplaceAll(text, " ", "+"), strings.ReplaceAll(text, "'", "''"), strings.ReplaceAll(text, `"`, `""`),
		url.QueryEscape(text), url.PathEscape(text),
	} {
		if form != text {
			k.addParts(form)
			k.addWhole(form)
		}
	}
	k.addWindows(hex.EncodeToString([]byte(text)), 2*leastPart)
	for _, form := range base64Forms(text) {
		k.addWindows(form, 2*leastPart*2/3)
	}
}

// base64Forms are the characters that a text becomes inside of a longer one that
// is encoded, at each of the three places where it can begin. The characters that
// depend on its neighbors are left out.
func base64Forms(text string) []string {
	var out []string
	for offset, skip := range []int{0, 2, 3} {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", offset) + text))
		complete := (offset + len(text)) * 8 / 6
		form := encoded[skip:complete]
		out = append(out, form)
		if strings.ContainsAny(form, "+/") {
			out = append(out, strings.NewReplacer("+", "-", "/", "_").Replace(form))
		}
	}
	return out
}

// addParts adds every part of the least length.
func (k *Known) addParts(text string) {
	text = squeeze(fold(text))
	for i := 0; i+leastPart <= len(text); i++ {
		key := keyOf(text[i:])
		k.parts[key] = true
		k.note(key)
	}
}

// addWindows adds the parts of an encoded text: they are longer there.
func (k *Known) addWindows(text string, width int) {
	for i := 0; i+width <= len(text); i++ {
		k.addWhole(text[i : i+width])
	}
}

func (k *Known) addWhole(text string) {
	text = fold(text)
	for _, form := range []string{text, squeeze(text)} {
		if len(form) < leastPart {
			continue
		}
		key := keyOf(form)
		if !slices.Contains(k.whole[key], form) {
			k.whole[key] = append(k.whole[key], form)
			k.note(key)
		}
	}
}

// note marks a key in a filter of 64 bits, which spares most look-ups.
func (k *Known) note(key uint64) { k.early |= bit(key) }

func bit(key uint64) uint64 { return 1 << (key * 0x9E3779B97F4A7C15 >> 58) }

// isOpen says whether a text in lower case is part of what is shown anyway.
func (k *Known) isOpen(text string) bool { return k != nil && strings.Contains(k.open, text) }

const keyMask = 1<<(8*leastPart) - 1

// keyOf is the first leastPart bytes of a text as a number.
func keyOf(text string) (key uint64) {
	for i := range leastPart {
		key = key<<8 | uint64(text[i])
	}
	return key
}

// fold is a text in lower case, as far as ASCII goes: no byte moves.
func fold(text string) string {
	for i := range len(text) {
		if 'A' <= text[i] && text[i] <= 'Z' {
			out := []byte(text)
			for j := i; j < len(out); j++ {
				if 'A' <= out[j] && out[j] <= 'Z' {
					out[j] += 'a' - 'A'
				}
			}
			return string(out)
		}
	}
	return text
}

// squeeze joins the lines of a text, as view.decoded does.
func squeeze(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	var out strings.Builder
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		out.WriteString(strings.Trim(line, " \t"))
	}
	return out.String()
}
