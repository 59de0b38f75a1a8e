// Package pgurl reads a Postgres connection URL as coderd does.
//
// coderd first runs the value of CODER_PG_CONNECTION_URL through url.Parse and,
// where that fails over the user info or a port, percent-encodes the password
// itself (escapePostgresURLUserInfo in its cli/server.go). The result goes to
// its fork of lib/pq, v1.10.5, which accepts the schemes postgres and
// postgresql, takes everything else for a key=value string, connects to one
// host only and defaults to sslmode=require.
//
// lib/pq also reads PG* variables of the environment; those of this process say
// nothing about coderd's, so they are left out.
package pgurl

import (
	"net/netip"
	"strconv"
	"strings"
)

// The TLS modes of lib/pq, and those of libpq that it refuses.
const (
	SSLDisable    = "disable"
	SSLRequire    = "require"
	SSLVerifyCA   = "verify-ca"
	SSLVerifyFull = "verify-full"
	SSLAllow      = "allow"
	SSLPrefer     = "prefer"
)

// DefaultPort is the port that lib/pq dials where the URL names none.
const DefaultPort = 5432

// DefaultUser is who connects where the URL names nobody: lib/pq then takes the
// user of the operating system, which is coder in Coder's image.
const DefaultUser = "coder"

// Host is one server of the URL.
type Host struct {
	// Name is a host name, an IP address without brackets, or the directory of
	// a Unix socket.
	Name string `json:"name"`
	Port int    `json:"port"`
}

// String is host:port, with brackets around an IPv6 address.
func (h Host) String() string {
	if strings.Contains(h.Name, ":") {
		return "[" + h.Name + "]:" + strconv.Itoa(h.Port)
	}
	return h.Name + ":" + strconv.Itoa(h.Port)
}

// Socket says that the host is the directory of a Unix socket.
func (h Host) Socket() bool { return strings.HasPrefix(h.Name, "/") }

// URL is a connection URL that was read. It prints and marshals without its
// secrets.
type URL struct {
	// Hosts has one entry in every URL that coderd can use. lib/pq v1.10.5 has
	// no failover between several: it takes the whole list for one name.
	Hosts []Host
	// User and Database are what the server is told; Database is User where the
	// URL names none, as the server itself does it.
	User     string
	Database string
	// SSLMode is the mode in force: require where the URL names none, disable
	// on a Unix socket.
	SSLMode    string
	SSLModeSet bool
	// HasPassword says that a password stands in the URL.
	HasPassword bool
	// AutoEscaped says that the password is used as coderd percent-encodes it,
	// because the URL itself does not parse.
	AutoEscaped bool

	// secrets is a pointer so that no way of printing a struct that holds a
	// URL can reach them.
	secrets *secrets
}

type secrets struct {
	password string
	// params are all settings but host, port, user, password, dbname and
	// database.
	params map[string]string
}

// Host is the server that coderd connects to.
func (u URL) Host() Host {
	if len(u.Hosts) == 0 {
		return Host{Name: "localhost", Port: DefaultPort}
	}
	return u.Hosts[0]
}

// Password is the password, for connecting only.
func (u URL) Password() string {
	if u.secrets == nil {
		return ""
	}
	return u.secrets.password
}

// Param is a setting of the URL by its name, such as sslrootcert or
// search_path; it is empty where the URL does not have it.
func (u URL) Param(name string) string {
	if u.secrets == nil {
		return ""
	}
	return u.secrets.params[name]
}

// RuntimeParams are the settings that lib/pq passes on to the server when it
// connects, such as search_path and statement_timeout.
func (u URL) RuntimeParams() map[string]string {
	out := map[string]string{}
	if u.secrets == nil {
		return out
	}
	for k, v := range u.secrets.params {
		if !driverParams[k] {
			out[k] = v
		}
	}
	return out
}

// driverParams are the settings that lib/pq keeps to itself (isDriverSetting in
// its conn.go).
var driverParams = map[string]bool{
	"sslmode": true, "sslcert": true, "sslkey": true, "sslrootcert": true, "sslinline": true, "sslsni": true,
	"fallback_application_name": true, "connect_timeout": true, "disable_prepared_binary_result": true,
	"binary_parameters": true, "krbsrvname": true, "krbspn": true,
}

// Local says that the URL leads to this very host: loopback, an unspecified
// address or a Unix socket.
func (u URL) Local() bool {
	for _, h := range u.Hosts {
		if h.local() {
			return true
		}
	}
	return false
}

func (h Host) local() bool {
	name := strings.ToLower(strings.TrimSuffix(h.Name, "."))
	if h.Socket() || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsUnspecified()
}
