package pgurl

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a connection URL, or a key=value string, as coderd does.
//
// Several hosts are no error here: they are in Hosts, for the check that
// refuses them. Everything else that keeps coderd from connecting is an *Error,
// and the URL is then empty, unless it only asks for sslmode allow or prefer.
func Parse(raw string) (URL, error) {
	if err := whole(raw); err != nil {
		return URL{}, err
	}
	escaped, auto, err := escapeUserInfo(raw)
	if err != nil {
		if u, several := severalHosts(raw); several {
			return u, nil
		}
		return URL{}, err
	}
	read := parseDSN
	if hasScheme(raw) {
		read = parseURL
	}
	settings, err := read(escaped)
	if err != nil {
		return URL{}, err
	}
	if err := checkSettings(settings); err != nil {
		return URL{}, err
	}
	u, err := fromSettings(settings)
	if err != nil {
		return URL{}, err
	}
	u.AutoEscaped = auto
	return checkSSLMode(u)
}

// whole looks for what no part of a URL may be.
func whole(raw string) error {
	trimmed := strings.TrimSpace(raw)
	switch {
	case trimmed == "":
		return fail(PartWhole, "is empty", form)
	case strings.TrimRight(raw, "\r\n") != raw:
		return fail(PartWhole, "ends with a line break", "Make the Secret without one: printf '%s' instead of echo, or kubectl create secret generic --from-literal.")
	case trimmed != raw:
		return fail(PartWhole, "begins or ends with a space", "Remove the space.")
	case strings.ContainsAny(raw[:1], `"'`):
		return fail(PartWhole, "stands in quotes, which are taken as a part of it", "Remove the quotes.")
	case strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fail(PartWhole, "holds a control character, such as a tab or a line break", "Remove it, or percent-encode it where it belongs to the password.")
	}
	if scheme, _, ok := strings.Cut(raw, "://"); ok && isScheme(strings.TrimPrefix(scheme, "jdbc:")) && !hasScheme(raw) {
		return fail(PartScheme, "is neither postgres:// nor postgresql://", form)
	}
	return nil
}

// severalHosts reads a URL with a list of hosts that url.Parse refuses; which
// lists it refuses depends on the version of Go.
func severalHosts(raw string) (URL, bool) {
	start := strings.LastIndex(raw, "@") + 1
	if start == 0 {
		start = strings.Index(raw, "://") + len("://")
	}
	list := raw[start:]
	if end := strings.IndexAny(list, "/?#"); end >= 0 {
		list = list[:end]
	}
	first, _, several := strings.Cut(list, ",")
	if !several || !hasScheme(raw) {
		return URL{}, false
	}
	u, err := Parse(raw[:start] + first + raw[start+len(list):])
	if err != nil {
		return URL{}, false
	}
	u.Hosts, err = hosts(list, "")
	return u, err == nil
}

// hasScheme is lib/pq's own test for a URL; it minds the case.
func hasScheme(raw string) bool {
	return strings.HasPrefix(raw, "postgres://") || strings.HasPrefix(raw, "postgresql://")
}

func isScheme(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("+-.", r)
	})
}

// parseURL is lib/pq's ParseURL: the parts of the URL and its query become
// settings; of a setting that stands there twice, the one that sorts last wins.
func parseURL(raw string) (map[string]string, error) {
	if err := spilled(raw); err != nil {
		return nil, err
	}
	parsed, err := url.Parse(raw)
	if err != nil {
		return nil, classify(raw)
	}
	settings := map[string]string{}
	accrue := func(name, value string) {
		if before, twice := settings[name]; value != "" && (!twice || quoted(value) > quoted(before)) {
			settings[name] = value
		}
	}
	if parsed.User != nil {
		accrue("user", parsed.User.Username())
		password, _ := parsed.User.Password()
		accrue("password", password)
	}
	if err := accrueHost(parsed.Host, accrue); err != nil {
		return nil, err
	}
	if parsed.Path != "" {
		accrue("dbname", parsed.Path[1:])
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return nil, fail(PartParameter, "hold a ; or a % that is not followed by two hex digits, and the driver drops such a setting without a word",
			"Separate settings with &, and percent-encode their values.")
	}
	for name := range query {
		accrue(name, query.Get(name))
	}
	return settings, nil
}

// quoted is a value as lib/pq writes it before it sorts.
func quoted(value string) string {
	return "'" + strings.NewReplacer(`'`, `\'`, `\`, `\\`).Replace(value) + "'"
}

// accrueHost splits the host part as lib/pq does, and refuses the one form
// that it splits wrongly.
func accrueHost(host string, accrue func(name, value string)) error {
	if strings.Contains(host, ",") {
		accrue("host", host)
		return nil
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		if strings.HasPrefix(host, "[") {
			return fail(PartHost, "is an IPv6 address without a port, which coderd's driver dials with a second pair of brackets and never reaches",
				"Write the port too: [ADDRESS]:5432.")
		}
		accrue("host", host)
		return nil
	}
	accrue("host", name)
	accrue("port", port)
	return nil
}

func fromSettings(settings map[string]string) (URL, error) {
	u := URL{
		User:        settings["user"],
		Database:    cmp.Or(settings["dbname"], settings["database"]),
		SSLMode:     settings["sslmode"],
		SSLModeSet:  settings["sslmode"] != "",
		HasPassword: settings["password"] != "",
		secrets:     &secrets{password: settings["password"], params: map[string]string{}},
	}
	var err error
	if u.Hosts, err = hosts(settings["host"], settings["port"]); err != nil {
		return URL{}, err
	}
	if !u.SSLModeSet {
		u.SSLMode = SSLRequire
	}
	if u.Host().Socket() {
		u.SSLMode = SSLDisable
	}
	if u.Database == "" {
		u.Database = u.User
	}
	for name, value := range settings {
		if !slices.Contains([]string{"host", "port", "user", "password", "dbname", "database"}, name) {
			u.secrets.params[name] = value
		}
	}
	return u, nil
}

// hosts reads the host and port settings; each may be a list with commas.
func hosts(host, port string) ([]Host, error) {
	if host == "" {
		host = "localhost"
	}
	names, ports := strings.Split(host, ","), strings.Split(port, ",")
	if len(names) == 1 && strings.ContainsAny(host, "[]") {
		return nil, fail(PartHost, "holds square brackets, which coderd's driver takes for a part of the name",
			"Write [ADDRESS]:5432 behind the @, or host=ADDRESS without brackets.")
	}
	if len(ports) > len(names) {
		return nil, fail(PartPort, "is a list, and the host is not", form)
	}
	out := make([]Host, 0, len(names))
	for i, name := range names {
		own := ports[min(i, len(ports)-1)]
		if len(names) > 1 {
			if h, p, err := net.SplitHostPort(name); err == nil {
				name, own = h, p
			}
		}
		h := Host{Name: strings.Trim(name, "[]"), Port: DefaultPort}
		if own != "" {
			n, err := strconv.Atoi(own)
			if err != nil || n < 1 || n > 65535 {
				return nil, fail(PartPort, "is not a number from 1 to 65535", form+" "+encodePass)
			}
			h.Port = n
		}
		if h.Name == "" {
			return nil, fail(PartHost, "is empty in a list of several", form)
		}
		out = append(out, h)
	}
	return out, nil
}

// checkSSLMode refuses the modes that lib/pq refuses. A mode that nobody knows
// is not kept: it may be anything.
func checkSSLMode(u URL) (URL, error) {
	switch u.SSLMode {
	case SSLDisable, SSLRequire, SSLVerifyCA, SSLVerifyFull:
		return u, nil
	case SSLAllow, SSLPrefer:
		return u, fail(PartParameter, "ask for sslmode="+u.SSLMode+", which coderd's driver refuses", sslModes)
	default:
		return URL{}, fail(PartParameter, "ask for an unknown sslmode", sslModes)
	}
}
