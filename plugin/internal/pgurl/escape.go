package pgurl

import (
	"errors"
	"net/url"
	"strings"
)

// escapeUserInfo does what coderd does with a URL that url.Parse refuses for
// its user info or its port: it percent-encodes what stands between the last
// colon and the first @, in the belief that this is the password. auto says
// that it did.
func escapeUserInfo(raw string) (escaped string, auto bool, err error) {
	_, parseErr := url.Parse(raw)
	if parseErr == nil {
		return raw, false, nil
	}
	if !escapable(parseErr) {
		return "", false, classify(raw)
	}
	before, after, ok := strings.Cut(raw, "@")
	if !ok {
		return "", false, classify(raw)
	}
	colon := strings.LastIndex(before, ":")
	escaped = before[:colon+1] + url.PathEscape(before[colon+1:]) + "@" + after
	if _, err := url.Parse(escaped); err != nil || !hasScheme(escaped) {
		return "", false, classify(raw)
	}
	return escaped, true, nil
}

// escapable says that coderd takes this error for an unescaped password. The
// errors of url.Parse have no names, so coderd and we compare their texts.
func escapable(err error) bool {
	var parseErr *url.Error
	if !errors.As(err, &parseErr) {
		return false
	}
	text := parseErr.Err.Error()
	return strings.Contains(text, "invalid userinfo") ||
		strings.HasPrefix(text, "invalid port ") && strings.HasSuffix(text, " after host")
}

// spilled finds a password whose unescaped / ? or # ended the host part early:
// what follows then holds an @, and what looks like the host is a piece of the
// password. url.Parse accepts such a URL.
func spilled(raw string) error {
	_, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return nil
	}
	authority, tail := rest[:end], rest[end:]
	tail, fragment, _ := strings.Cut(tail, "#")
	path, query, _ := strings.Cut(tail, "?")
	if strings.Contains(path+fragment, "@") {
		return fail(PartPassword, "seems to hold an unescaped / ? or #: an @ follows after the host part", encodePass)
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		_, behind, found := strings.Cut(pair, "@")
		// Without user info in front, user=coder@server is how some clouds name
		// their users, and a password may hold an @.
		named := (name == "user" || name == "password") && strings.Contains(value, "@") &&
			!strings.Contains(authority, "@") && !strings.ContainsAny(behind, "/:?")
		if found && !named {
			return fail(PartPassword, "seems to hold an unescaped ?: an @ follows after the host part", encodePass)
		}
	}
	if fragment != "" {
		return fail(PartWhole, "holds an unescaped #, and the driver drops everything after it", encodePass)
	}
	return nil
}

// classify says which part of a URL made url.Parse fail. It quotes nothing: in
// a URL that does not parse, every part may be a piece of the password.
func classify(raw string) error {
	if !hasScheme(raw) {
		if scheme, _, ok := strings.Cut(raw, "://"); ok && isScheme(scheme) {
			return fail(PartScheme, "is neither postgres:// nor postgresql://", form)
		}
		return fail(PartWhole, "does not parse: coderd reads a key=value string as a URL first, so it may hold no : before the first / and no lone %", form)
	}
	_, rest, _ := strings.Cut(raw, "://")
	at := strings.LastIndex(rest, "@")
	if at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		switch {
		case badUserInfo(user):
			return fail(PartUser, "holds a character that must be percent-encoded", "Percent-encode the user name: @ is %40, a space is %20, \\ is %5C.")
		case badEscape(password):
			return fail(PartPassword, "holds a % that is not followed by two hex digits", encodePass)
		case badUserInfo(password):
			return fail(PartPassword, "holds characters that must be percent-encoded, and coderd cannot do that itself where the password holds : or @ as well", encodePass)
		}
	}
	host, tail := rest[at+1:], ""
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host, tail = host[:i], host[i:]
	}
	path, _, _ := strings.Cut(tail, "?")
	switch {
	case badEscape(path):
		return fail(PartDatabase, "holds a % that is not followed by two hex digits", "Percent-encode it: % is %25.")
	case badHost(host):
		return fail(PartHost, "is not a host name or an IP address", form+" An IPv6 address stands in brackets.")
	default:
		return fail(PartPort, "is not a number", form+" "+encodePass)
	}
}

// badUserInfo mirrors the characters that url.Parse accepts in user info.
func badUserInfo(s string) bool {
	return badEscape(s) || strings.ContainsFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("-._:~!$&'()*+,;=%@", r)
	})
}

func badEscape(s string) bool {
	_, err := url.PathUnescape(s)
	return err != nil
}

// badHost says that the host part is wrong before its port.
func badHost(host string) bool {
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return true
		}
		_, err := url.Parse("postgres://" + host[:end+1])
		return err != nil
	}
	name, _, _ := strings.Cut(host, ":")
	_, err := url.Parse("postgres://" + name)
	return err != nil
}
