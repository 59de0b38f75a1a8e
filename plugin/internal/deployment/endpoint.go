package deployment

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Endpoint is an http or https URL, normalized for comparison.
type Endpoint struct {
	Scheme string
	// Host is in lower case, without a trailing dot, an IP address in its
	// shortest form. It may be a symbol.
	Host Text
	// Port is the scheme's own where the URL names none.
	Port int
	// Bracketed says that the host stands in square brackets.
	Bracketed bool
	// Extra names what the URL has beyond scheme, host and port: "path",
	// "query", "user info".
	Extra []string
}

// ErrBareIPv6 says that an IPv6 address stands without brackets, which Coder
// before 2.34 accepted.
var ErrBareIPv6 = errors.New("its IPv6 address is not in square brackets")

// ParseEndpoint reads an http or https URL. An error is a clause without the
// URL's text: "its scheme is not http or https".
func ParseEndpoint(t Text) (Endpoint, error) {
	if bareIPv6(string(t)) {
		return Endpoint{}, ErrBareIPv6
	}
	text, back := t.Standin()
	u, err := url.Parse(text)
	if err != nil {
		return Endpoint{}, errors.New(parseProblem(err))
	}
	e := Endpoint{Scheme: strings.ToLower(u.Scheme), Port: defaultPorts[u.Scheme], Bracketed: strings.HasPrefix(u.Host, "[")}
	switch {
	case e.Scheme == "":
		return Endpoint{}, errors.New("it has no scheme: it must start with http:// or https://")
	case e.Port == 0:
		return Endpoint{}, errors.New("its scheme is not http or https")
	case !strings.Contains(text, "://"):
		return Endpoint{}, errors.New("it has no // after the scheme")
	}
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Endpoint{}, errors.New("its port is not between 1 and 65535")
		}
		e.Port = int(n)
	}
	for name, has := range map[string]bool{
		"path": u.Path != "" && u.Path != "/", "query": u.RawQuery != "" || u.ForceQuery,
		"fragment": u.Fragment != "", "user info": u.User != nil,
	} {
		if has {
			e.Extra = append(e.Extra, name)
		}
	}
	e.Host = restore(normalHost(u.Hostname()), back)
	return e, nil
}

var defaultPorts = map[string]int{"http": 80, "https": 443}

// parseProblem is what net/url found, without the URL that it quotes.
func parseProblem(err error) string {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		err = parse.Err
	}
	switch problem := err.Error(); {
	case strings.Contains(problem, "first path segment"):
		return "it has no scheme: it must start with http:// or https://"
	case strings.Contains(problem, "port"):
		return "its port is not a number"
	case strings.Contains(problem, "userinfo"):
		return "its user info holds characters that must be percent-encoded"
	case strings.Contains(problem, "host"), strings.Contains(problem, "ParseAddr"), strings.Contains(problem, "IP-literal"):
		return "its host is not valid"
	default:
		return "it is not a valid URL"
	}
}

// bareIPv6 says whether the URL's host is an IPv6 address without brackets,
// with or without a port behind it.
func bareIPv6(text string) bool {
	_, rest, found := strings.Cut(text, "://")
	if !found {
		return false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = rest[at+1:]
	}
	addr, err := netip.ParseAddr(rest)
	return err == nil && addr.Is6() || strings.Count(rest, ":") > 1 && !strings.HasPrefix(rest, "[") && ipv6WithPort(rest)
}

func ipv6WithPort(text string) bool {
	addr, err := netip.ParseAddr(text[:strings.LastIndex(text, ":")])
	return err == nil && addr.Is6()
}

// normalHost writes a host in the form in which equal hosts are equal.
func normalHost(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// restore puts the symbols back that Standin took out.
func restore(host string, back map[string]Text) Text {
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	}
	for in, symbol := range back {
		host = strings.ReplaceAll(host, normalHost(in), string(symbol))
	}
	return Text(host)
}

// Loopback says whether a host is this machine itself, unspecified or empty:
// whoever dials it reaches only its own process.
func Loopback(host Text) bool {
	if addr, err := netip.ParseAddr(string(host)); err == nil {
		return addr.IsLoopback() || addr.IsUnspecified()
	}
	return host == "" || host == "localhost" || strings.HasSuffix(string(host), ".localhost")
}
