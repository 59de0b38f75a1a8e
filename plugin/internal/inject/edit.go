package inject

import (
	"bytes"
	"cmp"
	"slices"
)

// edit replaces the bytes between two offsets.
type edit struct {
	from, to int
	text     string
}

// apply makes edits; ok is false if they overlap. Of several at one offset, what is
// put in comes before what is taken out.
func apply(stream []byte, edits []edit) (out []byte, ok bool) {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var text bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.from < at || e.to < e.from || e.to > len(stream) {
			return nil, false
		}
		text.Write(stream[at:e.from])
		text.WriteString(e.text)
		at = e.to
	}
	text.Write(stream[at:])
	return text.Bytes(), true
}
