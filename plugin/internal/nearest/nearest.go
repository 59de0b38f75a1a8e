// Package nearest finds what somebody may have meant by a name that is not known.
package nearest

import (
	"fmt"

	"github.com/agext/levenshtein"
)

// To is the known name that is nearest to a word; ok is false where none is near
// enough to be meant: up to a third of the word's characters may differ, rounded up,
// so that two that changed places are found in a word of four.
func To(word string, known []string) (name string, ok bool) {
	best := (len(word)+2)/3 + 1
	for _, k := range known {
		if d := levenshtein.Distance(word, k, nil); d < best {
			best, name, ok = d, k, true
		}
	}
	return name, ok
}

// Distance is how many characters make the difference between two words.
func Distance(a, b string) int { return levenshtein.Distance(a, b, nil) }

// Hint continues a sentence about an unknown name: `: did you mean "validate"?`.
// It is empty where nothing is near.
func Hint(word string, known []string) string {
	name, ok := To(word, known)
	if !ok {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", name)
}
