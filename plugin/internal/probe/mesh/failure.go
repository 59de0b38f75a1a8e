package mesh

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
	"github.com/coder-ha/coder-ha/plugin/internal/human"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
)

// failure sorts an error, and says it without the addresses that the answer names.
func failure(run context.Context, err error, patience time.Duration) *facts.Failure {
	dns, unresolved := errors.AsType[*net.DNSError](err)
	exceeded, endless := errors.AsType[*limits.ExceededError](err)
	verified, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case run.Err() != nil:
		return &facts.Failure{Cause: facts.Interrupted, Message: "the run ended before the answer"}
	case unresolved && dns.IsNotFound:
		return &facts.Failure{Cause: facts.Unresolved, Message: "no such host"}
	case unresolved && dns.IsTimeout:
		return &facts.Failure{Cause: facts.Timeout, Message: "no answer to the lookup of its name"}
	case unresolved:
		return &facts.Failure{Cause: facts.Unresolved, Message: "its name cannot be looked up: " + dns.Err}
	case timedOut(err):
		return &facts.Failure{Cause: facts.Timeout, Message: "no answer within " + human.Duration(patience)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &facts.Failure{Cause: facts.Refused, Message: "connection refused"}
	case untrusted:
		_, unknown := errors.AsType[x509.UnknownAuthorityError](verified.Err)
		return &facts.Failure{Cause: facts.TLS, Message: verified.Err.Error(), UnknownAuthority: unknown}
	case errors.Is(err, http.ErrSchemeMismatch):
		return &facts.Failure{Cause: facts.TLS, Message: "it speaks plain HTTP, not TLS"}
	case handshake(err):
		return &facts.Failure{Cause: facts.TLS, Message: innermost(err)}
	case endless:
		return &facts.Failure{Cause: facts.Protocol, Message: "it sends more than " + exceeded.Limit.String()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &facts.Failure{Cause: facts.Protocol, Message: "it closed the connection without an answer"}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return &facts.Failure{Cause: facts.Unreachable, Message: errno.Error()}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &facts.Failure{Cause: facts.Unreachable, Message: op.Err.Error()}
	}
	return &facts.Failure{Cause: facts.Protocol, Message: "its answer is not HTTP"}
}

// timedOut says whether an error is one of time, also one of the handshake or of the
// system.
func timedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// handshake says whether an error is one of TLS: a record that is none, an alert of
// the other side, or a certificate that cannot be read.
func handshake(err error) bool {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error")
}

// innermost is the last error of a chain.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
