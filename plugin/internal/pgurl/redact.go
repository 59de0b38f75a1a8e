package pgurl

import (
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "***"

// Unreadable is what Redacted gives for a URL that was not read: any part of it
// may be a part of the password.
const Unreadable = "postgres://" + redacted

// shownParams are the settings whose values are no secrets and help a reader.
var shownParams = []string{
	"application_name", "connect_timeout", "idle_in_transaction_session_timeout", "lock_timeout",
	"search_path", "sslmode", "sslrootcert", "statement_timeout", "target_session_attrs",
}

// Redacted is the URL without its secrets: the password and every setting that
// is not known to be harmless are masked.
func (u URL) Redacted() string {
	if u.secrets == nil || len(u.Hosts) == 0 {
		return Unreadable
	}
	var b strings.Builder
	b.WriteString("postgres://")
	if u.User != "" || u.HasPassword {
		b.WriteString(url.PathEscape(u.User))
		if u.HasPassword {
			b.WriteString(":" + redacted)
		}
		b.WriteByte('@')
	}
	query := url.Values{}
	for i, h := range u.Hosts {
		if h.Socket() {
			query.Set("host", h.Name)
			continue
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(h.String())
	}
	b.WriteByte('/')
	b.WriteString(url.PathEscape(u.Database))
	hidden := false
	for name, value := range u.secrets.params {
		switch {
		case name == "sslrootcert" && u.secrets.params["sslinline"] == "true", !slices.Contains(shownParams, name):
			hidden = true
		default:
			query.Set(name, value)
		}
	}
	if len(query) > 0 {
		// Commas and slashes need no escape in a query and read better without.
		b.WriteString("?" + strings.NewReplacer("%2F", "/", "%2C", ",").Replace(query.Encode()))
	}
	if hidden {
		if len(query) == 0 {
			b.WriteByte('?')
		} else {
			b.WriteByte('&')
		}
		b.WriteString(redacted)
	}
	return b.String()
}

// String is Redacted, so that printing a URL is safe.
func (u URL) String() string { return u.Redacted() }

// GoString is Redacted, for %#v.
func (u URL) GoString() string { return u.Redacted() }

// MarshalText is Redacted, for JSON and YAML.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.Redacted()), nil }
