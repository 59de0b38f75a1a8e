package cli

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes, the same for every command and every output format.
const (
	// ExitOK: nothing at or above --fail-on.
	ExitOK = 0
	// ExitFindings: findings at or above --fail-on.
	ExitFindings = 1
	// ExitUnable: the work could not be done: usage, unreadable input, a chart
	// that does not render.
	ExitUnable = 2
	// ExitTimeout: --timeout ended the run, as timeout(1) reports it.
	ExitTimeout = 124
	// ExitInterrupted: Ctrl-C ended the run, 128 + SIGINT as shells report it.
	ExitInterrupted = 130
)

// errFindings says that the report is written and holds findings: it needs no
// further words on standard error.
var errFindings = errors.New("findings at or above the --fail-on severity")

// errInterrupted is the cause of the context that a signal canceled.
var errInterrupted = errors.New("interrupted")

// errTimeout is the cause of the context that --timeout canceled.
var errTimeout = errors.New("timed out")

// exitCode maps the error of a command to the exit code.
func exitCode(ctx context.Context, err error) int {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, errInterrupted) || errors.Is(cause, errInterrupted):
		return ExitInterrupted
	case errors.Is(err, errTimeout):
		return ExitTimeout
	case err == nil:
		return ExitOK
	case errors.Is(err, errFindings):
		return ExitFindings
	default:
		return ExitUnable
	}
}

// timeoutError says which --timeout was too short.
func timeoutError(limit fmt.Stringer) error {
	return fmt.Errorf("%w after --timeout %s", errTimeout, limit)
}
