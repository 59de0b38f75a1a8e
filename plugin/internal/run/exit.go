package run

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

// ErrFindings says that the report is written and holds findings: it needs no
// further words on standard error.
var ErrFindings = errors.New("findings at or above the --fail-on severity")

// ErrInterrupted is the cause of the context that a signal canceled.
var ErrInterrupted = errors.New("interrupted")

// errTimeout is the cause of the context that --timeout canceled.
var errTimeout = errors.New("timed out")

// ExitCode maps the error of a command to the exit code.
func ExitCode(ctx context.Context, err error) int {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, ErrInterrupted) || errors.Is(cause, ErrInterrupted):
		return ExitInterrupted
	case errors.Is(err, errTimeout):
		return ExitTimeout
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrFindings):
		return ExitFindings
	default:
		return ExitUnable
	}
}

// timeoutError says which --timeout was too short.
func timeoutError(limit fmt.Stringer) error {
	return fmt.Errorf("%w after --timeout %s", errTimeout, limit)
}
