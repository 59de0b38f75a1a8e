//go:build unix

package plugin_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// ending holds a run to one line on standard error that names the input, and no
// report.
func ending(t *testing.T, got command.Result, code int, says ...string) {
	t.Helper()
	assert.Equal(t, code, got.Code, got.Stderr)
	assert.Empty(t, got.Stdout)
	assert.Equal(t, 1, strings.Count(got.Stderr, "\n"), got.Stderr)
	for _, what := range says {
		assert.Contains(t, got.Stderr, what)
	}
}

func TestADeviceWithoutEndIsRefusedWhereverAFileIsRead(t *testing.T) {
	h := newHelm(t, "")
	const zero = "/dev/zero"
	for name, args := range map[string][]string{
		"values":           {"validate", "-f", zero},
		"--set-file":       {"validate", "--set-file", "a=" + zero},
		"manifests":        {"validate", "--manifest", zero},
		"the database URL": {"postgres", "--postgres-url-file", zero},
		"a CA bundle":      {"validate", "coder", "--repo", "http://127.0.0.1:1", "--ca-file", zero},
		"a kubeconfig":     {"validate", "--kubeconfig", zero},
	} {
		t.Run(name, func(t *testing.T) { ending(t, h.alone(t, args...), 2, zero) })
	}

	t.Run(".coder-ha.yaml", func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, writeFile(filepath.Join(dir, "values.yaml"), "{}"))
		require.NoError(t, os.Symlink(zero, filepath.Join(dir, ".coder-ha.yaml")))
		ending(t, h.alone(t, "validate", "-f", filepath.Join(dir, "values.yaml")), 2, ".coder-ha.yaml: it is too large")
	})
	t.Run("standard input", func(t *testing.T) {
		path, err := checkout.Plugin()
		require.NoError(t, err)
		for _, args := range [][]string{{"validate", "-f", "-"}, {"validate", "--manifest", "-"}} {
			endless, err := os.Open(zero)
			require.NoError(t, err)
			ending(t, run(t, command.Command{Path: path, Args: args, Env: h.env, Stdin: endless}), 2, "(standard input): it is too large")
			require.NoError(t, endless.Close())
		}
	})
	t.Run("a certificate of the database URL", func(t *testing.T) {
		address := startSilentServer(t).address
		got := h.alone(t, "postgres", "--connect-timeout", "5s", "--postgres-url", "postgres://coder@"+address+"/coder?sslmode=verify-full&sslrootcert="+zero)
		assert.Equal(t, 1, got.Code)
		assert.Contains(t, got.Stdout, "read sslrootcert: "+zero+": it is too large")
	})
}

func TestANamedPipeThatStaysSilentEndsWithTheTimeout(t *testing.T) {
	h := newHelm(t, "")
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for name, args := range map[string][]string{
		"values":           {"validate", "-f", pipe},
		"--set-file":       {"validate", "--set-file", "a=" + pipe},
		"manifests":        {"validate", "--manifest", pipe},
		"the database URL": {"postgres", "--postgres-url-file", pipe},
	} {
		t.Run(name, func(t *testing.T) {
			ending(t, h.alone(t, append(args, "--timeout", "300ms")...), 124, "still waiting for "+pipe, "timed out")
		})
	}
}

func TestYAMLThatGrowsIsRefused(t *testing.T) {
	h := newHelm(t, "")
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 20 {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i)
	}
	for name, test := range map[string]struct{ text, says string }{
		"aliases": {bomb.String(), "with every alias written out, is 2000000 values"},
		"depth":   {"a: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "it is nested too deeply"},
		"itself":  {"a: &a {b: *a}", "it is nested too deeply"},
		"size":    {strings.Repeat("# nothing\n", 1_700_000), "it is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.yaml")
			require.NoError(t, writeFile(file, test.text))
			ending(t, h.alone(t, "validate", "-f", file), 2, "in.yaml: ", test.says)
			ending(t, h.alone(t, "validate", "--manifest", file), 2, "in.yaml: ", test.says)
		})
	}
}

func TestValuesOfAURLThatNeverEndsAreRefused(t *testing.T) {
	h := newHelm(t, "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for line := []byte(strings.Repeat("# nothing\n", 1000)); ; {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	ending(t, h.alone(t, "validate", "-f", server.URL+"/values.yaml"), 2, "/values.yaml", "it is too large: the limit of values files")
}

func TestAnAPIServerThatNeverEndsIsRefused(t *testing.T) {
	h := newHelm(t, "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"Secret","data":{"url":"`))
		for part := []byte(strings.Repeat("A", 1<<16)); ; {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	require.NoError(t, writeFile(kubeconfig, `{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":"`+
		server.URL+`"}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`))
	got := h.alone(t, "validate", "--kubeconfig", kubeconfig, "--dry-run=server")
	ending(t, got, 2, "it is too large: the limit of answers of a Kubernetes API server is 32 MiB")
}

func TestADatabaseThatSpeaksAnotherLanguageIsAFinding(t *testing.T) {
	h := newHelm(t, "")
	for name, sent := range map[string]string{
		"a message of two gigabytes": "E\x7f\xff\xff\xff",
		"a message of no length":     "R\x00\x00\x00\x00",
		"an answer to no question":   "R\x00\x00\x00\x08\x00\x00\x00\x00K\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x01Z\x00\x00\x00\x05ID\x00\x00\x00\x06\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { _ = listener.Close() }()
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Read(make([]byte, 1024))
					_, _ = conn.Write([]byte(sent))
					_ = conn.Close()
				}
			}()
			got := h.alone(t, "postgres", "--postgres-url", "postgres://coder@"+listener.Addr().String()+"/coder?sslmode=disable")
			assert.Equal(t, 1, got.Code, got.Stderr)
			assert.Contains(t, got.Stdout, "postgres")
			assert.NotContains(t, got.Stdout+got.Stderr, "goroutine")
		})
	}
}
