//go:build coderd

package coder

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// realVersion is the version that tests/e2e/coderd/go.mod pins.
const realVersion = "v2.36.1"

// buildCoderd builds coderd itself.
func buildCoderd(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "coder")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/coder/coder/v2/enterprise/cmd/coder")
	build.Dir = filepath.Join("..", "..", "..", "tests", "e2e", "coderd")
	text, err := build.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return program
}

// command is a start of coderd in a folder of its own, with a database that is
// not there.
func command(t *testing.T, program string, q question) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	for name, text := range q.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	c := exec.CommandContext(t.Context(), program, q.Args...)
	c.Dir, c.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	for _, v := range q.Env {
		c.Env = append(c.Env, v[0]+"="+v[1])
	}
	return c
}

func TestARealCoderdListensWhereWeSay(t *testing.T) {
	program := buildCoderd(t)
	p := ports(t)
	for name, q := range map[string]question{
		"plain":                           {Env: [][2]string{{HTTPAddress, p[0]}}},
		"with TLS":                        {Env: [][2]string{{HTTPAddress, p[0]}, {TLSAddress, p[1]}, {TLSEnable, "1"}}},
		"the older address":               {Env: [][2]string{{Address, p[0]}, {HTTPAddress, p[1]}}},
		"the older address, with TLS":     {Env: [][2]string{{HTTPAddress, p[0]}, {TLSAddress, p[1]}, {TLSEnable, "t"}}, Args: []string{"-a", p[2]}},
		"the older address without parts": {Env: [][2]string{{HTTPAddress, p[0]}, {Address, ":"}}},
		"an empty address":                {Env: [][2]string{{HTTPAddress, ""}}},
		"an empty address, with TLS":      {Env: [][2]string{{HTTPAddress, ""}, {TLSAddress, p[1]}, {TLSEnable, "true"}}},
		"TLS without an address":          {Env: [][2]string{{HTTPAddress, p[0]}, {TLSAddress, ":"}, {TLSEnable, "true"}}},
		"a version of TLS that is none":   {Env: [][2]string{{HTTPAddress, p[0]}, {TLSAddress, p[1]}, {TLSEnable, "true"}, {TLSMinVersion, "1.2"}}},
		"a choice of TLS in capitals":     {Env: [][2]string{{HTTPAddress, p[0]}, {TLSAddress, p[1]}, {TLSEnable, "true"}, {TLSClientAuth, "None"}}},
		"choices of TLS without TLS":      {Env: [][2]string{{HTTPAddress, p[0]}, {TLSMinVersion, "1.2"}, {TLSClientAuth, "None"}}},
		"an access URL without a scheme":  {Env: [][2]string{{HTTPAddress, p[0]}, {AccessURL, "coder.example.com"}}},
		"an access URL in capitals":       {Env: [][2]string{{HTTPAddress, p[0]}, {AccessURL, "HTTP://coder.example.com"}}},
		"sessions that outlive":           {Env: [][2]string{{HTTPAddress, p[0]}, {"CODER_SESSION_DURATION", "30d"}}},
		"a word too many":                 {Env: [][2]string{{HTTPAddress, p[0]}}, Args: []string{"more"}},
	} {
		t.Run(name, func(t *testing.T) {
			q.Args = append([]string{"server"}, q.Args...)
			q.Env = slices.Concat([][2]string{
				{AccessURL, "http://coder.example.com"},
				{"CODER_TELEMETRY_ENABLE", "false"},
				{PostgresURL, "postgres://u:p@127.0.0.1:1/d?sslmode=disable"},
			}, q.Env)
			var want []string
			if r := ourReading(ParseVersion(realVersion), q); len(r.Problems) == 0 {
				http, tls := r.Listen()
				for scheme, address := range map[string]Value{"http": http, "https": tls} {
					if _, port, err := net.SplitHostPort(address.Text); err == nil {
						want = append(want, scheme+" "+port)
					}
				}
			}
			assert.ElementsMatch(t, want, listeners(t, command(t, program, q)))
		})
	}
}

// listeners are scheme and port of where coderd says that it listens, before it
// looks for its database; none where it ends instead. It says so of plain HTTP before
// it looks at the settings of TLS.
func listeners(t *testing.T, c *exec.Cmd) []string {
	t.Helper()
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.Stderr = c.Stdout
	require.NoError(t, c.Start())
	var found []string
	goesOn := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), " listener at "); ok {
			u, err := url.Parse(address)
			require.NoError(t, err)
			found = append(found, u.Scheme+" "+u.Port())
		}
		if strings.Contains(lines.Text(), "View the Web UI") {
			goesOn = true
			require.NoError(t, c.Process.Kill())
		}
	}
	// It was killed, or has ended by itself: either is an error.
	require.Error(t, c.Wait())
	if !goesOn {
		return nil
	}
	return found
}

// ports are addresses on which nobody listens.
func ports(t *testing.T) []string {
	t.Helper()
	var out []string
	for range 3 {
		var config net.ListenConfig
		l, err := config.Listen(context.WithoutCancel(t.Context()), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		out = append(out, l.Addr().String())
		require.NoError(t, l.Close())
	}
	return out
}

// coderd prints its settings as a config file, as far as they have a key there.
func TestARealCoderdPrintsTheSettingsThatWeRead(t *testing.T) {
	program := buildCoderd(t)
	g := newGenerator(ParseVersion(realVersion), 1)
	printed := 0
	for i := range 200 {
		q := g.question()
		q.Args = append(q.Args, "--write-config")
		r := ourReading(ParseVersion(realVersion), q)
		text, err := command(t, program, q).Output()
		if r.Other != "--write-config" {
			assert.True(t, err != nil || r.Other != "", "start %d: %v: coderd takes it, we find %v", i, q, r.Problems)
			continue
		}
		if !assert.NoError(t, err, "start %d: %v", i, q) {
			continue
		}
		printed++
		var tree map[string]any
		require.NoError(t, yaml.Unmarshal(text, &tree))
		for _, s := range Settings(ParseVersion(realVersion)) {
			// A default that holds the version, or the home folder.
			own := s.Variable == "CODER_DOCS_URL" || s.Variable == "CODER_CACHE_DIRECTORY"
			if s.YAML == "" || s.Type == TypeStruct || s.Type == TypeList || own {
				continue
			}
			assert.Equal(t, canonical(s, r.Value(s.key())), in(tree, s.YAML), "start %d: %v: %s", i, q, s.key())
		}
	}
	assert.Greater(t, printed, 60, "too few starts to say much")
}

// in is the text of a path of keys.
func in(tree map[string]any, path string) string {
	var node any = tree
	for key := range strings.SplitSeq(path, ".") {
		inner, ok := node.(map[string]any)
		if !ok {
			return ""
		}
		node = inner[key]
	}
	if node == nil {
		return ""
	}
	return fmt.Sprint(node)
}
