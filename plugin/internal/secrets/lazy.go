package secrets

import (
	"regexp"
	"sync"
)

// lazily is a pattern that is compiled when it is first needed. Most texts hold nothing
// that a pattern could find, and compiling all takes longer than a report.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
