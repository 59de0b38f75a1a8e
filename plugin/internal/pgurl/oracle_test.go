//go:build oracle

package pgurl

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	cases = flag.Int("cases", 5000, "connection URLs to compare")
	long  = flag.Duration("for", 0, "compare for so long instead of so many")
	seed  = flag.Uint64("seed", 1, "seed of the URLs")
)

// What the program in tests/coderd says that Coder's driver makes of a URL.
type connection struct {
	Unparsed         bool
	Error            string
	Settings         map[string]string
	Network, Address string
	Startup          map[string]string
}

func TestWeReadAConnectionURLAsCodersDriverDoes(t *testing.T) {
	ask := startDriver(t)
	r := rand.New(rand.NewPCG(*seed, 0))
	begun, opened, i := time.Now(), 0, 0
	for ; i < *cases && *long == 0 || time.Since(begun) < *long; i++ {
		raw := connectionURL(r)
		c := ask(raw)
		if c.Startup != nil {
			opened++
		}
		if difference(raw, c) == "" {
			continue
		}
		raw = shrink(raw, func(raw string) bool { return difference(raw, ask(raw)) != "" })
		require.Fail(t, "we read a connection URL otherwise than Coder's driver does", "URL %d of seed %d, made smaller:\n%q\n%s",
			i, *seed, raw, difference(raw, ask(raw)))
	}
	t.Logf("%d URLs, %d of them tell a server what they ask for", i, opened)
	require.Greater(t, opened, i/20, "too few of the URLs are right ones to say much")
}

// startDriver builds the program and starts it, without an environment: the
// driver would read that, too.
func startDriver(t *testing.T) func(raw string) connection {
	t.Helper()
	program := filepath.Join(t.TempDir(), "coderd-options")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "..", "tests", "coderd")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program, "connect")
	command.Stderr, command.Env = os.Stderr, []string{"HOME=" + t.TempDir()}
	in, err := command.StdinPipe()
	require.NoError(t, err)
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, in.Close())
		_, err := io.Copy(io.Discard, out)
		require.NoError(t, err)
		require.NoError(t, command.Wait())
	})
	encoder, decoder := json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))
	return func(raw string) connection {
		require.NoError(t, encoder.Encode(raw))
		var c connection
		require.NoError(t, decoder.Decode(&c))
		return c
	}
}

// stricter are the problems that we find in URLs with which the driver would
// connect, if to nothing useful.
var stricter = []string{
	"begins or ends with a space", "ends with a line break", "stands in quotes", "holds a control character",
	"seems to hold an unescaped", "holds an unescaped #",
	"is an IPv6 address without a port", "holds square brackets", "is not a number from 1 to 65535", "is a list, and the host is not", "is empty", "is empty in a list of several",
	"hold a ; or a %",
	"is neither postgres:// nor postgresql://",
}

// difference says how our reading differs from the driver's; "" where it does
// not. What url.Parse refuses never reaches the driver as it stands.
func difference(raw string, c connection) string {
	u, err := Parse(raw)
	switch {
	case c.Unparsed:
		return ""
	case err == nil && c.Error != "":
		return "we take it; the driver: " + c.Error
	case c.Error != "":
		return ""
	case err != nil:
		if problem, ok := errors.AsType[*Error](err); ok && slices.ContainsFunc(stricter, func(s string) bool { return strings.HasPrefix(problem.Problem, s) }) {
			return ""
		}
		return fmt.Sprintf("we refuse it: %v; the driver takes it: %v", err, c.Settings)
	}
	// An empty setting is none to the server, or to what dials.
	or := func(setting, unset string) string { return cmp.Or(c.Settings[setting], unset) }
	for _, field := range []struct{ name, ours, theirs string }{
		{"password", u.Password(), c.Settings["password"]},
		{"database", u.Database, or("dbname", or("database", u.User))},
		{"sslmode", u.SSLMode, or("sslmode", SSLRequire)},
		{"user", u.User, or("user", "")},
	} {
		if field.ours != field.theirs && (field.name != "user" || field.ours != "") {
			return fmt.Sprintf("%s: ours %q, the driver's %q", field.name, field.ours, field.theirs)
		}
	}
	if len(u.Hosts) == 1 {
		network, address := "tcp", net.JoinHostPort(u.Host().Name, strconv.Itoa(u.Host().Port))
		if u.Host().Socket() {
			network, address = "unix", path.Join(u.Host().Name, ".s.PGSQL."+strconv.Itoa(u.Host().Port))
		}
		if c.Settings["host"] == "" {
			c.Address = "localhost" + c.Address
		}
		// A port may begin with zeros.
		if at := strings.LastIndex(c.Address, c.Settings["port"]); at >= 0 {
			if n, err := strconv.Atoi(c.Settings["port"]); err == nil {
				c.Address = c.Address[:at] + strconv.Itoa(n)
			}
		}
		if network != c.Network || address != c.Address {
			return fmt.Sprintf("ours dials %s %s, the driver %s %s", network, address, c.Network, c.Address)
		}
	}
	return parameters(u, c)
}

// parameters compares what the server is told.
func parameters(u URL, c connection) string {
	if _, unnamed := c.Settings[""]; unnamed || c.Startup == nil {
		// A setting without a name ends the message where it stands.
		return ""
	}
	ours := u.RuntimeParams()
	for name, value := range ours {
		if told, ok := c.Startup[name]; !ok || told != value && name != "client_encoding" {
			return fmt.Sprintf("ours tells the server %s=%q, the driver %q (%t)", name, value, told, ok)
		}
	}
	// Told in any case.
	own := []string{"user", "database", "client_encoding", "datestyle", "extra_float_digits", "application_name"}
	for name := range c.Startup {
		if _, ok := ours[name]; !ok && !slices.Contains(own, name) {
			return fmt.Sprintf("the driver tells the server %s, ours does not", name)
		}
	}
	return ""
}

// shrink leaves away what it can while the URL still fails.
func shrink(raw string, fails func(string) bool) string {
	for size := len(raw) / 2; size > 0; {
		smaller := false
		for at := 0; at+size <= len(raw); at++ {
			if candidate := raw[:at] + raw[at+size:]; fails(candidate) {
				raw, smaller = candidate, true
				break
			}
		}
		if !smaller {
			size /= 2
		} else {
			size = min(size, len(raw))
		}
	}
	return raw
}

// connectionURL makes a connection URL or a key=value string.
func connectionURL(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	word := func() string {
		return pick("a", "coder", "p%40ss", "p@ss", "a:b", "", "ä", "a b", "a%20b", "$x", "100%", "a/b", "a?b", "a#b", "a+b", "a'b", `a\b`, "a;b", "%zz")
	}
	mostly := func(usual, other string) string {
		if r.IntN(4) > 0 {
			return usual
		}
		return other
	}
	host := func() string {
		return pick("db", "db:5432", "db:1", "db:0", "db:65536", "db:x", "db:", "", ":5432", "[::1]:5432", "[::1]", "::1", "10.0.0.1", "a,b", "a:1,b:2", "DB.Example.com.", "%2Ftmp", "%2Ftmp:5433", "a b", "/tmp", "db:005432")
	}
	name := func() string {
		return pick("sslmode", "host", "port", "user", "password", "dbname", "search_path", "application_name", "target_session_attrs", "channel_binding", "connect_timeout", "client_encoding", "datestyle", "sslrootcert", "fallback_application_name",
			"binary_parameters", "krbspn", "krbsrvname", "options", "TimeZone", "sslsni", "sslinline", "SSLMODE", "database", "passfile", "statement_timeout", "extra_float_digits", "disable_prepared_binary_result", "service", "keepalives", "gssencmode")
	}
	value := func(name string) string {
		switch name {
		case "sslmode":
			return pick("disable", "disable", "disable", "require", "verify-ca", "verify-full", "allow", "prefer", "", "Disable", "x")
		case "host":
			return pick("db", "/tmp", "a,b", "::1", "", "[::1]")
		case "port":
			return pick("5432", "1", "", "x", "0", "1,2", " 5")
		case "client_encoding":
			return pick("UTF8", "utf-8", "latin1", "")
		case "datestyle":
			return pick("ISO, MDY", "ISO", "")
		case "connect_timeout":
			return pick("5", "", "x", "-1")
		case "binary_parameters", "disable_prepared_binary_result":
			return pick("yes", "no", "x", "")
		}
		return word()
	}
	var b strings.Builder
	if r.IntN(3) == 0 {
		for range r.IntN(6) {
			n := name()
			v := value(n)
			if r.IntN(3) == 0 {
				v = "'" + strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), "'", `\'`) + "'"
			}
			fmt.Fprintf(&b, "%s%s%s%s", mostly(n, n+" "), mostly("=", "= "), v, mostly(" ", "  "))
		}
		return strings.TrimSuffix(b.String(), mostly(" ", ""))
	}
	b.WriteString(mostly("postgres://", pick("postgresql://", "POSTGRES://", "postgres:", "postgres:/", "http://", "")))
	if r.IntN(4) > 0 {
		b.WriteString(mostly("coder", word()) + mostly(":"+word(), "") + "@")
	}
	b.WriteString(mostly("db:5432", host()) + mostly("/coder", pick("", "/", "/"+word(), "/a/b")))
	separator := "?"
	for range r.IntN(4) {
		n := name()
		fmt.Fprintf(&b, "%s%s%s%s", separator, n, mostly("=", ""), value(n))
		separator = mostly("&", ";")
	}
	if r.IntN(2) == 0 {
		b.WriteString(separator + "sslmode=disable")
	}
	return b.String()
}
