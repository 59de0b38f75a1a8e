package pgurl

import (
	"errors"

	"github.com/coder-ha/coder-ha/plugin/internal/digest"
)

// Summary is what may be kept of a connection URL: all that a verdict rests on,
// and no secret. It survives a round trip through JSON.
type Summary struct {
	// Hosts, User, Database and SSLMode are those of URL.
	Hosts    []Host `json:"hosts,omitempty"`
	User     string `json:"user,omitempty"`
	Database string `json:"database,omitempty"`
	SSLMode  string `json:"sslmode,omitempty"`
	// HasPassword and AutoEscaped are those of URL.
	HasPassword bool `json:"hasPassword,omitempty"`
	AutoEscaped bool `json:"autoEscaped,omitempty"`
	// Redacted is the URL without its secrets.
	Redacted string `json:"redacted"`
	// Problem is why coderd cannot use the URL; nil where it can.
	Problem *Error `json:"problem,omitempty"`
	// Digest is equal for byte-identical URLs that were summarized with one key.
	Digest string `json:"digest"`
}

// Summarize reads a URL as Parse does and keeps what is no secret. The key makes
// the digest useless for guessing a weak password without it.
func Summarize(raw string, key digest.Key) Summary {
	u, err := Parse(raw)
	s := Summary{
		Hosts: u.Hosts, User: u.User, Database: u.Database, SSLMode: u.SSLMode,
		HasPassword: u.HasPassword, AutoEscaped: u.AutoEscaped, Redacted: u.Redacted(), Digest: key.Of(raw),
	}
	if problem, ok := errors.AsType[*Error](err); ok {
		s.Problem = problem
	}
	return s
}

// Readable says that hosts and settings are known: the URL parses, or only its
// TLS mode is one that coderd's driver refuses.
func (s Summary) Readable() bool { return s.Problem == nil || s.SSLMode != "" }

// Host is the server that coderd connects to.
func (s Summary) Host() Host { return URL{Hosts: s.Hosts}.Host() }

// Local says that the URL leads to this very host, as URL.Local does.
func (s Summary) Local() bool { return URL{Hosts: s.Hosts}.Local() }
