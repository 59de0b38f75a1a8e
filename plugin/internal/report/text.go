package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
)

// The marks are those that terminals and Windows consoles both have.
const (
	markPassed  = "√"
	markWarning = "‼"
	markFailed  = "×"
	markSkipped = "-"
)

// textWriter writes for people: a heading for each area, a line for each
// check, and below a line that is not good what was seen and what to do.
type textWriter struct{ style Style }

func (t textWriter) Write(w io.Writer, r Report) error {
	_, err := fmt.Fprintln(w, "not written yet", len(r.Outcomes), strings.Repeat(".", 3), check.Error)
	return err
}
