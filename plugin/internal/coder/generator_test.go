//go:build oracle || coderd

package coder

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes starts of coderd, right ones and wrong ones.
type generator struct {
	*rand.Rand

	version Version
	// mild starts have few values that coderd refuses: most of them serve.
	mild     bool
	settings []Setting
	// read are the settings that checks read; they are asked for more often.
	read []Setting
}

var readByChecks = []string{
	RelayURL, AccessURL, WildcardAccessURL, ClusterHost, Address, HTTPAddress, TLSAddress, TLSEnable, TLSCertFile, TLSKeyFile,
	TLSClientAuth, PostgresURL, PostgresAuth, PostgresConnMaxOpen, Experiments, DERPServerEnable, DERPConfigURL, DERPConfigPath,
	DERPForceWebsockets, ProxyTrustedHeaders, ProxyTrustedOrigins,
}

func newGenerator(v Version, seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), version: v}
	for _, s := range Settings(v) {
		switch {
		case s.Type == TypeStruct, s.Type == TypeConfigFile:
		case s.Validated && (shared(s) || s.Variable != WildcardAccessURL && s.Variable != PostgresConnMaxOpen):
			// What their validators ask, and that a validator keeps another name of
			// the same setting from being seen, is nothing that a check needs.
		default:
			g.settings = append(g.settings, s)
			if slices.Contains(readByChecks, s.Variable) {
				g.read = append(g.read, s)
			}
		}
	}
	return g
}

func (g *generator) setting() Setting {
	if g.IntN(4) > 0 {
		return pick(g.Rand, g.read...)
	}
	return pick(g.Rand, g.settings...)
}

func (g *generator) often() bool  { return g.IntN(4) > 0 }
func (g *generator) rarely() bool { return g.IntN(12) == 0 }

func (g *generator) question() question {
	var q question
	g.mild = g.often()
	for range g.IntN(4) {
		q.Env = append(q.Env, g.variable())
	}
	var behind, before []string
	for range g.IntN(4) {
		behind = append(behind, g.flag()...)
	}
	if g.rarely() {
		before = g.flag()
	}
	if g.IntN(3) == 0 {
		path := pick(g.Rand, "a.yaml", "b.yaml")
		q.Files = map[string]string{path: g.file()}
		if g.rarely() {
			path = "missing.yaml"
		}
		switch g.IntN(4) {
		case 0:
			q.Env = append(q.Env, [2]string{ConfigPath, path})
		case 1:
			behind = append(behind, "--config", path)
		case 2:
			behind = append(behind, "-c"+path)
		default:
			behind = append(behind, "--config="+path)
		}
	}
	q.Args = slices.Concat(before, []string{"server"}, behind)
	if g.rarely() {
		q.Args = slices.Insert(q.Args, g.IntN(len(q.Args)+1), pick(g.Rand, "--help", "-h", "--", "-", "", "dbcrypt", "more", "--debug-options", "--write-config=false", "--write-config", "--debug-options=0", "---x", "--=x"))
	}
	return q
}

func (g *generator) variable() [2]string {
	s := g.setting()
	name := s.Variable
	switch g.IntN(20) {
	case 0:
		name = strings.ToLower(name)
	case 1:
		name = "HOMEBREW_" + name
	case 2:
		name += "_X"
	case 3:
		name = pick(g.Rand, "CODER_URL", "CODER_VERBOSE", "CODER_NO_OPEN", "CODER_HEADER", "PATH")
	}
	return [2]string{name, g.text(s)}
}

// flag is one flag, as one or two words.
func (g *generator) flag() []string {
	s := g.setting()
	text := g.text(s)
	kind := g.IntN(16)
	if g.mild && kind < 5 && g.often() {
		kind = 15
	}
	switch kind {
	case 0:
		return []string{"--" + s.Flag}
	case 1:
		return []string{pick(g.Rand, "-a", "-c", "-v", "-l", "-va", "-vv", "-vl", "-x"), text}
	case 2:
		return []string{pick(g.Rand, "-a", "-a=", "-va=", "-v=", "-l=", "-va", "-vvl") + text}
	case 3:
		return []string{pick(g.Rand, "--verbose", "--no-open=", "--url=http://x", "--url=:", "--header=a,b", "--global-config=/x", "--nothing", "--http-adr=:1")}
	case 4:
		return []string{"--" + pick(g.Rand, "no-version-warning", "token", "force-tty=maybe"), text}
	case 5, 6, 7, 8:
		return []string{"--" + s.Flag, text}
	default:
		return []string{"--" + s.Flag + "=" + text}
	}
}

// text is a value for a setting; in a mild start it is right more often than not.
func (g *generator) text(s Setting) string {
	for range 4 {
		if text := g.anyText(s); !g.mild || s.wrong(g.version, text) == "" {
			return text
		}
	}
	return g.anyText(s)
}

func (g *generator) anyText(s Setting) string {
	if g.rarely() {
		return pick(g.Rand, "", "", " ", "yes", "no", "off", "on", "null", "1", "-1", "a b", "\"a\"", "http://a", ":80", "x,y", "--tls-enable", "$(POD_IP)", "a\nb")
	}
	switch s.Type {
	case TypeBool:
		return pick(g.Rand, "", "true", "false", "True", "TRUE", "t", "T", "1", "0", "F", "f", "tRue", "yes", " true", "false ")
	case TypeInt:
		return pick(g.Rand, "10", "0", "-1", "+3", "007", "1_000", "0x10", "1e3", " 5", "9223372036854775808", "")
	case TypeDuration:
		return pick(g.Rand, "1h", "90s", "1h30m", "7d", "1w2d", "1.5d", ".5h", "-3m", "+3m", "0", "10", "1H", "1 h", "d", "1us", "1µs", "", "-", "3000000h", "20000w")
	case TypeList:
		return pick(g.Rand, "a", "a,b", "a, b", " a ,b", "10.0.0.0/8, 172.16.0.0/12", "", ",", "a,,b", `"a,b",c`, `a"b`, `"a`, "a\nb", "\n", "X-Forwarded-For", "*", "nats_pubsub", "No_Nats_Pubsub")
	case TypeURL:
		return pick(g.Rand, "http://10.0.0.1:8080", "https://coder.example.com", "HTTPS://Coder.Example.com/", "10.0.0.1:8080", "coder-1:8080", "coder.example.com",
			"http://fd00::1:8080", "http://[fd00::1]:8080", "http://[fd00::1", "http://$(POD_IP):8080", "http://a:b:c", "http://u:p@fd00::1:80/x", "http://u@a:80", "http://:8080", "", " http://a", "http://a b", "http://a:x", "//a:1:2", "http://a/b:c:d", "://a", "%zz", "http://a%zz")
	case TypeHostPort:
		return pick(g.Rand, "0.0.0.0:80", ":80", "127.0.0.1:3443", "[::]:443", ":::443", "80", "", ":", "a:", "localhost:http", "[::1]", "0.0.0.0:99999", " :80")
	case TypeEnum:
		return pick(g.Rand, s.Choices[0], strings.ToUpper(s.Choices[0]), s.Choices[len(s.Choices)-1], s.Choices[0]+" ", "strict", "")
	case TypeRegexp:
		return pick(g.Rand, ".*", "", "a(", "^x$")
	}
	if s.Variable == WildcardAccessURL {
		return pick(g.Rand, "*.example.com", "*--a.example.com", "*.example.com:80", "https://*.a.com", "a.*.com", "*", "*.", "*.a", "*.A.com", "**.a.com", "*.a_b.com", "*-.a.com", "", "*:80", ".*a", "*.a..b", "a.com")
	}
	return pick(g.Rand, "0.0.0.0:3000", "", ":80", "a b", "postgres://u:p@h/db?sslmode=disable", "none", "auto", "/a/b", "tls13", " ", "a,b", "$(X)")
}

// file is a config file.
func (g *generator) file() string {
	if g.rarely() && !g.mild {
		return pick(g.Rand, "", "# nothing\n", "a: [", "- a\n", "x", "networking: 5\n", "networking: []\n", "networking:\n", "? [a]\n: b\n", "a: &x {b: 1}\n", "null\n", "{}\n", "---\n{}\n---\nb: 1\n",
			"networking:\n  http: &h\n    httpAddress: :1\nx: *h\n", "networking: &n\n  tls: *n\n", "networking:\n  derp: {relayURL: &u \"http://a\"}\n  accessURL: *u\n", "networking:\n  <<: {accessURL: http://a}\n")
	}
	var b strings.Builder
	for range 1 + g.IntN(4) {
		s := g.setting()
		path := s.YAML
		if path == "" && g.mild {
			continue
		}
		if path == "" {
			path = pick(g.Rand, "postgresURL", "networking.derp.relayUrl", "networking.tls", "experiments.x", "a.b.c")
		}
		value := g.scalar(s)
		if s.Type == TypeList && g.often() || g.rarely() && !g.mild {
			value = g.sequence(s)
		}
		if g.rarely() && !g.mild {
			value = pick(g.Rand, "{}", "{a: b}", "[[a]]", "!!str 5", "!!int 7", "0x10", "~", "*x")
		}
		parts := strings.Split(path, ".")
		if g.rarely() {
			parts = []string{path}
		}
		for depth, part := range parts[:len(parts)-1] {
			fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", depth), part)
		}
		fmt.Fprintf(&b, "%s%s: %s\n", strings.Repeat("  ", len(parts)-1), parts[len(parts)-1], value)
	}
	return b.String()
}

// scalar is a value for a setting in YAML, quoted or not.
func (g *generator) scalar(s Setting) string {
	text := g.text(s)
	if g.IntN(3) > 0 {
		return fmt.Sprintf("%q", text)
	}
	return text
}

func (g *generator) sequence(s Setting) string {
	items := make([]string, g.IntN(4))
	for i := range items {
		items[i] = pick(g.Rand, g.scalar(s), "a", "5", "true", "null", `"a, b"`, `""`)
	}
	return "[" + strings.Join(items, ", ") + "]"
}
