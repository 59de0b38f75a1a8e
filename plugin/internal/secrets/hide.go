package secrets

import (
	"cmp"
	"slices"
	"strings"
)

// span is a part of a text.
type span struct{ from, to int }

// Hide puts Hidden in the place of every secret in the text: those that are
// known, in each form that they can take, and those that show by their shape.
func (k *Known) Hide(text string) string {
	if k != nil {
		k.mu.RLock()
		defer k.mu.RUnlock()
	}
	// Where one secret is hidden, another may come to light.
	for range mostPasses {
		hidden := k.hideShapes(k.hideKnown(text))
		if hidden == text {
			break
		}
		text = hidden
	}
	return text
}

// mostPasses bounds how often a text is looked at.
const mostPasses = 8

func (k *Known) hideKnown(text string) string {
	if k == nil || len(k.learnt) == 0 || len(text) < leastSecret {
		return text
	}
	var found []span
	for _, v := range views(text) {
		found = k.find(v, found)
	}
	return replaced(text, found)
}

// replaced puts Hidden in the place of the spans, which may overlap.
func replaced(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	end := 0
	for i := 0; i < len(spans); {
		from, to := spans[i].from, spans[i].to
		for i++; i < len(spans) && spans[i].from <= to; i++ {
			to = max(to, spans[i].to)
		}
		out.WriteString(text[end:from] + Hidden)
		end = to
	}
	out.WriteString(text[end:])
	return out.String()
}

// find adds where the view holds a secret.
func (k *Known) find(v view, found []span) []span {
	text := fold(string(v.text))
	add := func(from, to int) {
		if inMark(text, from, to) {
			return
		}
		first, _ := v.source(from)
		_, last := v.source(to - 1)
		found = append(found, span{first, last})
	}
	var key uint64
	// run is the part of a secret that is being read.
	run := span{from: -1}
	end := func() {
		if run.from >= 0 && k.tells(text[run.from:run.to]) {
			add(run.from, run.to)
		}
		run.from = -1
	}
	for i := range len(text) {
		key = (key<<8 | uint64(text[i])) & keyMask
		if i < leastPart-1 {
			continue
		}
		from := i + 1 - leastPart
		if k.early&bit(key) == 0 {
			end()
			continue
		}
		for _, whole := range k.whole[key] {
			if strings.HasPrefix(text[from:], whole) && !k.isOpen(whole) {
				add(from, from+len(whole))
			}
		}
		switch {
		case !k.parts[key]:
			end()
		case run.from < 0:
			run = span{from, i + 1}
		default:
			run.to = i + 1
		}
	}
	end()
	k.findWords(text, add)
	return found
}

// inMark says whether a part of a text belongs to what stands for a secret already.
func inMark(text string, from, to int) bool {
	for i := max(0, to-len(Hidden)); i <= from; i++ {
		if strings.HasPrefix(text[i:], Hidden) {
			return true
		}
	}
	return false
}

// tells says whether a part of a secret, in lower case, tells of it: not if the
// words in it are shown anyway, nor if it is a line of dashes.
func (k *Known) tells(part string) bool {
	if words := strings.TrimFunc(part, func(r rune) bool { return !alphanumeric(r) }); words != "" {
		return !k.isOpen(words)
	}
	return strings.Trim(part, part[:1]) != ""
}

// findWords looks for the short secrets: each as a word, with neither a letter nor
// a digit beside it.
func (k *Known) findWords(text string, add func(from, to int)) {
	for word := range k.words {
		if k.isOpen(word) {
			continue
		}
		for at := 0; ; {
			i := strings.Index(text[at:], word)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(word)
			before, after := from > 0 && alphanumeric(rune(text[from-1])), to < len(text) && alphanumeric(rune(text[to]))
			if !before && !after {
				add(from, to)
			}
			at = to
		}
	}
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r >= 0x80
}
