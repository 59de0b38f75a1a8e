package deployment

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseEndpointNormalizes(t *testing.T) {
	ip := Symbol(FieldPodIP, "coder[0]")
	for _, c := range []struct {
		text Text
		host Text
		port int
	}{
		{"http://a.example.com", "a.example.com", 80},
		{"HTTPS://A.Example.COM.", "a.example.com", 443},
		{"http://a:8080/x?y#z", "a", 8080},
		{"http://[FD00:0::1]:8080", "fd00::1", 8080},
		{"http://[::ffff:10.0.0.1]", "10.0.0.1", 80},
		{"http://" + ip + ":8080", ip, 8080},
		{"http://[" + ip + "]:8080", ip, 8080},
		{"http://" + ip + ".example.com", ip + ".example.com", 80},
		{"http://$(POD_IP):8080", "$(pod_ip)", 8080},
		{"http://:8080", "", 8080},
	} {
		e, err := ParseEndpoint(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.host, e.Host, c.text)
		assert.Equal(t, c.port, e.Port, c.text)
	}
}

func TestParseEndpointSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[Text]string{
		"":                         "it has no scheme",
		"10.0.0.1:8080":            "it has no scheme",
		"coder-1:8080":             "its scheme is not http or https",
		"http:coder":               "it has no // after the scheme",
		"http:/coder":              "it has no // after the scheme",
		"http://a:b":               "its port is not a number",
		"http://a:0":               "its port is not between 1 and 65535",
		"http://a:70000":           "its port is not between 1 and 65535",
		"http://fd00::1":           "its IPv6 address is not in square brackets",
		"http://fd00::1:8080/x":    "its IPv6 address is not in square brackets",
		"http://u:p@fd00::1:8080":  "its IPv6 address is not in square brackets",
		"http://[10.0.0.1]:80":     "its host is not valid",
		"http://user:se cret@host": "its user info holds characters",
	} {
		_, err := ParseEndpoint(text)
		assert.ErrorContains(t, err, want, text)
	}
}

func TestTextShowsSymbolsAndNoPassword(t *testing.T) {
	assert.Equal(t, "http://<coder-0.status.podIP>:8080", ("http://" + Symbol(FieldPodIP, "coder-0") + ":8080").String())
	for text, want := range map[Text]string{
		"http://me:hunter2@host/":                  "http://(hidden)@host/",
		"http://hunter2@host/":                     "http://(hidden)@host/",
		"http://me:hun/ter?2#@host":                "http://(hidden)@host",
		"me:hunter2@host:8080":                     "(hidden)@host:8080",
		"http://host:8080/derp?token=hunter2":      "http://host:8080/derp?(hidden)",
		"postgres://me:hunter2@host/db":            "(hidden)",
		"host=" + Symbol("a", "b") + " password=x": "(hidden)",
		"0.0.0.0:8080":                             "0.0.0.0:8080",
		"http://host:8080\n":                       `http://host:8080\n`,
		"\x1b[31mhost":                             `\x1b[31mhost`,
		"a: b\nkey: hunter2":                       "(a text of several lines, not shown)",
	} {
		assert.Equal(t, want, text.String(), string(text))
	}
	_, literal := Symbol(FieldPodIP, "a").Literal()
	assert.False(t, literal)
}

func FuzzParseEndpoint(f *testing.F) {
	f.Add("http://user:hunter2@[fd00::1]:8080/path")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := ParseEndpoint(Text("http://user:hunter2-x@" + text))
		if err != nil {
			assert.NotContains(t, err.Error(), "hunter2")
		}
	})
}

// FuzzHostsAreComparedAlike compares a host with itself in other forms: in upper case,
// with a trailing dot, another port, a path.
func FuzzHostsAreComparedAlike(f *testing.F) {
	for _, host := range []string{"coder.example.com", "[fd00::1]", "10.0.0.1", "coder.coder.svc.cluster.local", "Coder.", "xn--bcher-kva.example", "a_b", "[fe80::1%25eth0]", "::1", ""} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		one, err := ParseEndpoint(Text("http://" + host + ":8080"))
		if err != nil || strings.ContainsAny(host, "/?#@%\\*") || strings.HasSuffix(host, ".") {
			return
		}
		balanced := BalancedHost{Host: one.Host}
		assert.True(t, balanced.Matches(one.Host), "%q", host)
		for _, form := range []string{"https://" + host, "HTTP://" + host + ":80/derp?x=y", "http://" + asciiUpper(host) + ":8080"} {
			other, err := ParseEndpoint(Text(form))
			if err != nil {
				t.Errorf("%q is read, and %q is not: %v", host, form, err)
				continue
			}
			assert.True(t, balanced.Matches(other.Host), "%q and %q", host, form)
			assert.Equal(t, balanced.Matches(other.Host), BalancedHost{Host: other.Host}.Matches(one.Host), "%q and %q", host, form)
		}
	})
}

func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}
