//go:build !unix

// Package early would make the process that is started a guard, see package guard.
// On this system there is none.
package early

import (
	"io"
	"os"
)

var (
	// Trace leads a worker to its guard, nil without a guard.
	Trace io.Writer
	// Lost is the end of a worker, nil in the process that does the work.
	Lost *End
)

// End is how a worker ended.
type End struct {
	State   *os.ProcessState
	Written string
}
