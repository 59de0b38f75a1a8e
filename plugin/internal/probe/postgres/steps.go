package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coder-ha/coder-ha/plugin/internal/facts/pgfacts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// stepError is a phase that failed.
type stepError struct {
	step pgfacts.Step
	err  error
}

func (e *stepError) Error() string { return string(e.step) + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// startStep says which phase a server's refusal belongs to. until is the phase
// that was reached: authentication before the server's AuthenticationOk, and
// database after it.
func startStep(err *pgconn.PgError, until pgfacts.Step) pgfacts.Step {
	switch err.Code {
	case "28P01", "28000":
		// invalid_password, invalid_authorization_specification. A role that
		// may not log in is refused with the latter too.
		return pgfacts.Authentication
	case "3D000", "53300", "55000", "57P03", "57P01", "57P02":
		// The database does not exist, has no free connection, takes none, or
		// the server starts or stops.
		return pgfacts.Database
	case "42501":
		// No CONNECT on the database, or only reserved connections left.
		return pgfacts.Permission
	}
	// Poolers have one code, 08P01, for everything.
	text := strings.ToLower(err.Message)
	switch {
	case strings.Contains(text, "authentication") || strings.Contains(text, "password") || strings.Contains(text, "no such user"):
		return pgfacts.Authentication
	case strings.Contains(text, "database"):
		return pgfacts.Database
	default:
		return until
	}
}

// describeFailure describes a failure in a step's result.
func describeFailure(ctx context.Context, r *pgfacts.StepResult, err error) {
	r.Status = pgfacts.StepFailed
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		r.Message, r.SQLState = short(refused.Message), refused.Code
		return
	}
	if timedOut(ctx, err) {
		r.TimedOut = true
		r.Message = "no answer within " + human.Duration(r.Took)
		return
	}
	if exceeded, ok := errors.AsType[*limits.ExceededError](err); ok && exceeded.Limit == limits.PostgresData {
		r.Message = "the server sends without end: more than " + exceeded.Limit.String()
		return
	}
	r.Message = short(plain(err))
	if errors.Is(context.Cause(ctx), context.Canceled) || errors.Is(err, context.Canceled) {
		r.Message = "interrupted"
	}
}

// timedOut says that an error is one of time.
func timedOut(ctx context.Context, err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(context.Cause(ctx), context.DeadlineExceeded) && ctx.Err() != nil || pgconn.Timeout(err)
}

// plain says what went wrong in the system's words, without the addresses and
// operations that the step already tells.
func plain(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "no such host"
		}
		return dns.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the server closed the connection without a word"
	}
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		// Its own text repeats the user, the host and the database.
		inner := errors.Unwrap(connect)
		for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(inner) {
			inner = next
		}
		return inner.Error()
	}
	return err.Error()
}
