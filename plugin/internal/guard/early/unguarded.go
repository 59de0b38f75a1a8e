//go:build !unix

package early

import (
	"os"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
)

// Without a guard the words of the runtime reach the terminal.
func init() { guard.TraceTo(noNotes{}) }

// noNotes writes what is for people, and leaves out what is for a guard.
type noNotes struct{}

func (noNotes) Write(b []byte) (int, error) {
	if text := string(b); guard.Traced(text) {
		return os.Stderr.WriteString("coder-ha: " + guard.Sentence(text) + "\n")
	}
	return len(b), nil
}
