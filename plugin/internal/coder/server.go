package coder

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// defaults gives what nothing gave its default.
func (in *reader) defaults() {
	sourced := map[string]Source{}
	for _, s := range in.settings {
		if key := in.keys[s.key()]; in.sources[s.key()] != FromNothing {
			sourced[key] = in.sources[s.key()]
		}
	}
	for _, s := range in.settings {
		v := in.at(&s)
		if sourced[in.keys[s.key()]] != FromNothing {
			continue
		}
		switch {
		case s.Variable == "CODER_SECURE_AUTH_COOKIE" && s.Computed:
			in.secureCookie(v)
		case s.Default != "":
			in.set(s, s.Default, At{Source: FromDefault})
			v.Given = nil
			sourced[in.keys[s.key()]] = FromDefault
		}
	}
}

// secureCookie is on where the access URL's scheme is https.
func (in *reader) secureCookie(v *Value) {
	access := in.values[AccessURL]
	plain, known := in.Plain(access.Text)
	v.Source, v.Unknown = FromDefault, access.Unknown || !known
	scheme, _, _ := strings.Cut(plain, ":")
	v.Text = strconv.FormatBool(strings.EqualFold(scheme, "https"))
}

// together finds what coderd does or refuses for all settings together.
func (in *reader) together(flags map[string]string) {
	if on, _ := parseBool(flags["debug-options"]); on && !in.ended {
		in.other = "--debug-options"
		return
	}
	in.listens()
	in.handshakes()
	in.accessURL()
	in.sessions()
}

// listens holds the listen addresses to what coderd asks of them.
func (in *reader) listens() {
	http, tls := listen(in.values)
	on, known := in.values[TLSEnable].Bool()
	switch {
	case known && on && noAddress(tls):
		in.refuse(tls, noTLSAddress)
	case known && !on && http.Text == "" && !http.Unknown:
		in.refuse(http, noHTTPAddress)
	}
}

// handshakes holds what decides over TLS to the words that coderd takes, in lower
// case only.
func (in *reader) handshakes() {
	if on, known := in.values[TLSEnable].Bool(); !known || !on {
		return
	}
	for _, choice := range tlsChoices {
		v := *in.values[choice.variable]
		if plain, known := in.Plain(v.Text); known && !v.Unknown && !slices.Contains(choice.words, plain) {
			in.refuse(v, noTLSChoice+strings.Join(choice.words, ", "))
		}
	}
}

var tlsChoices = []struct {
	variable string
	words    []string
}{
	{TLSMinVersion, []string{"tls10", "tls11", "tls12", "tls13"}},
	{TLSClientAuth, []string{"none", "request", "require-any", "verify-if-given", "require-and-verify"}},
}

// accessURL holds the access URL to what coderd asks of it.
func (in *reader) accessURL() {
	access := *in.values[AccessURL]
	plain, known := in.Plain(access.Text)
	scheme, _, _ := strings.Cut(plain, ":")
	if !known || access.Unknown || plain == "" || strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") {
		return
	}
	in.refuse(access, noScheme)
}

// What coderd refuses once its options are read (coder/coder cli/server.go).
const (
	noTLSAddress  = "is no address, and TLS is on"
	noHTTPAddress = "is empty, and TLS is off: there is no address to listen on"
	noScheme      = "does not begin with http:// or https://"
	noTLSChoice   = "is not one of "
)

// refuse notes that a value, which may be the default, is refused.
func (in *reader) refuse(v Value, reason string) {
	p := Problem{Setting: v.Setting, Reason: reason}
	if len(v.Given) > 0 {
		p.At = v.Given[0]
	}
	in.problem(p)
}

// sessions holds the lifetimes of sessions to each other.
func (in *reader) sessions() {
	session, refresh := in.values["CODER_SESSION_DURATION"], in.values["CODER_DEFAULT_OAUTH_REFRESH_LIFETIME"]
	if session == nil || refresh == nil {
		return
	}
	access, known1 := session.Duration()
	longer, known2 := refresh.Duration()
	switch {
	case known1 && access == 0:
		in.refuse(*session, "is zero")
	case known1 && known2 && longer <= access:
		in.refuse(*refresh, "is not longer than that of "+session.Setting.Variable)
	}
}

// Listen is where coderd listens: two addresses, of which one may be empty,
// because it does not listen there. An address is unknown where it, or whether it
// is used, cannot be told. The order of precedence is that of coder/coder
// cli/server.go ("Validate bind addresses").
func (r *Reading) Listen() (http, tls Value) { return listen(r.values) }

func listen(values map[string]*Value) (http, tls Value) {
	http, tls = *values[HTTPAddress], *values[TLSAddress]
	address := *values[Address]
	on, known := values[TLSEnable].Bool()
	set := !noAddress(address)
	switch {
	case !known:
		http.Unknown, tls.Unknown = http.Unknown || set, true
	case set && on:
		http, tls = Value{Setting: http.Setting}, address
	case set:
		http, tls = address, Value{Setting: tls.Setting}
	case !on:
		tls = Value{Setting: tls.Setting}
	}
	return http, tls
}

// noAddress says whether an address counts as not given, as one without host and
// port does.
func noAddress(v Value) bool {
	host, port, err := net.SplitHostPort(v.Text)
	return !v.Unknown && (err != nil || host == "" && port == "")
}
