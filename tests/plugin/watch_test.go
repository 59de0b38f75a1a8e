//go:build unix

package plugin_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// deployed is an API server with a StatefulSet of coderd, of whose pods so many are
// ready as is said.
type deployed struct {
	kubeconfig string
	ready      atomic.Int32
}

const (
	setList = `{"kind":"StatefulSetList","apiVersion":"apps/v1","items":[{"metadata":{"name":"coder","namespace":"coder","generation":1},
		"spec":{"replicas":3,"selector":{"matchLabels":{"app":"coder"}},"serviceName":"coder","template":{"metadata":{"labels":{"app":"coder"}},
		"spec":{"containers":[{"name":"coder","image":"ghcr.io/coder/coder:v2.35.1"}]}}},
		"status":{"observedGeneration":1,"replicas":3,"readyReplicas":3,"currentRevision":"a","updateRevision":"a"}}]}`
	podOf = `{"metadata":{"name":"coder-%[1]d","namespace":"coder","creationTimestamp":"2026-01-01T00:00:00Z","ownerReferences":[{"kind":"StatefulSet","name":"coder","controller":true}]},
		"spec":{"nodeName":"node-%[1]d","containers":[{"name":"coder","image":"ghcr.io/coder/coder:v2.35.1"}]},
		"status":{"phase":"Running","podIP":"10.0.0.%[1]d","conditions":[{"type":"Ready","status":"%[2]s","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`
)

func startRelease(t *testing.T) *deployed {
	t.Helper()
	r := &deployed{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch request.URL.Path {
		case "/apis/apps/v1/namespaces/coder/statefulsets":
			_, _ = fmt.Fprint(w, setList)
		case "/api/v1/namespaces/coder/pods":
			var pods []string
			for i := range int32(3) {
				pods = append(pods, fmt.Sprintf(podOf, i, map[bool]string{true: "True", false: "False"}[i < r.ready.Load()]))
			}
			_, _ = fmt.Fprint(w, `{"kind":"PodList","apiVersion":"v1","items":[`+strings.Join(pods, ",")+`]}`)
		default:
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"forbidden: cannot list resource"}`)
		}
	}))
	t.Cleanup(server.Close)
	r.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c"}}]}`, server.URL)
	require.NoError(t, os.WriteFile(r.kubeconfig, []byte(text), 0o600))
	return r
}

func (r *deployed) arguments() []string {
	return []string{"status", "-n", "coder", "--kubeconfig", r.kubeconfig, "--watch", "--interval", "1s"}
}

func pluginPath(t *testing.T) string {
	t.Helper()
	path, err := checkout.Plugin()
	require.NoError(t, err)
	return path
}

// watching is the plugin on a terminal.
type watching struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File
	ends chan error

	mu   sync.Mutex
	term vt10x.Terminal
	// all is every byte that came.
	all strings.Builder
}

func (r *deployed) watch(t *testing.T, columns, rows int) *watching {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), pluginPath(t), r.arguments()...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "CODER_PG_CONNECTION_URL=")
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)})
	require.NoError(t, err)
	w := &watching{t: t, cmd: cmd, file: file, ends: make(chan error, 1), term: vt10x.New(vt10x.WithSize(columns, rows))}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = file.Close()
	})
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := file.Read(buffer)
			w.mu.Lock()
			_, _ = w.term.Write(buffer[:n])
			w.all.Write(buffer[:n])
			w.mu.Unlock()
			if err != nil {
				w.ends <- cmd.Wait()
				return
			}
		}
	}()
	return w
}

// screen is what a person sees.
func (w *watching) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for line := range strings.Lines(w.term.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.Join(lines, "\n")
}

// sees waits until the screen holds words.
func (w *watching) sees(words string) string {
	w.t.Helper()
	shown := ""
	require.Eventually(w.t, func() bool {
		shown = w.screen()
		return strings.Contains(shown, words)
	}, patience, 20*time.Millisecond, "%s\n%s", words, w.screen())
	return shown
}

// draws waits until the screen was drawn so many times more.
func (w *watching) draws(n int) {
	w.t.Helper()
	count := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Count(w.all.String(), "every 1s, now ")
	}
	before := count()
	require.Eventually(w.t, func() bool { return count() >= before+n }, patience, 20*time.Millisecond)
}

func (w *watching) resize(columns, rows int) {
	w.t.Helper()
	w.mu.Lock()
	w.term.Resize(columns, rows)
	w.mu.Unlock()
	require.NoError(w.t, pty.Setsize(w.file, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)}))
}

// TestWatchDrawsOnATerminal looks at the screen as a terminal shows it.
func TestWatchDrawsOnATerminal(t *testing.T) {
	t.Parallel()
	r := startRelease(t)
	r.ready.Store(1)
	w := r.watch(t, 120, 60)
	first := w.sees("1 of 3 replicas ready")
	assert.Contains(t, first, "‼ replicas-not-ready: coder-1 is not ready")
	assert.True(t, strings.HasPrefix(first, "every 1s, now "), first)
	r.ready.Store(3)
	second := w.sees("3 of 3 replicas ready")
	w.draws(2)
	assert.NotContains(t, w.screen(), "replicas-not-ready", "nothing is left of a longer screen: %s", second)
	assert.Equal(t, 1, strings.Count(w.screen(), "every 1s"), w.screen())
	assert.Equal(t, 1, strings.Count(w.screen(), "Result: "), w.screen())
	assert.NotContains(t, w.screen(), "asking", "what is waited for is no part of the screen")
	assert.Equal(t, 1, strings.Count(w.all.String(), "\x1b[2J"), "the screen is not blank between two looks")

	// A terminal that is too small shows the beginning, and does not scroll.
	w.resize(50, 12)
	w.draws(2)
	small := w.sees(" more lines")
	assert.True(t, strings.HasPrefix(small, "every 1s, now "), small)
	assert.Regexp(t, `… \d+ more lines\n*$`, small)
	w.resize(140, 60)
	w.draws(2)
	large := w.sees("Result: ")
	assert.NotContains(t, large, "more lines")
	assert.Equal(t, 1, strings.Count(large, "every 1s"), large)

	begin := time.Now()
	_, err := w.file.WriteString("\x03")
	require.NoError(t, err)
	select {
	case err = <-w.ends:
	case <-time.After(atOnce):
		require.Fail(t, "Ctrl-C does not end it")
	}
	require.Error(t, err)
	assert.Equal(t, 130, w.cmd.ProcessState.ExitCode())
	assert.Less(t, time.Since(begin), atOnce)
	assert.True(t, w.term.CursorVisible())
	assert.Contains(t, w.screen(), "3 of 3 replicas ready", "the last screen stays")
}

// TestWatchAppendsElsewhere writes one report after the other, and nothing that only a
// terminal obeys.
func TestWatchAppendsElsewhere(t *testing.T) {
	t.Parallel()
	r := startRelease(t)
	r.ready.Store(3)
	cmd := exec.CommandContext(t.Context(), pluginPath(t), r.arguments()...)
	cmd.Env = append(os.Environ(), "CODER_PG_CONNECTION_URL=")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	var all []string
	for looks := 0; looks < 3 && lines.Scan(); {
		all = append(all, lines.Text())
		if strings.HasPrefix(lines.Text(), "every 1s, now ") {
			looks++
		}
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	for lines.Scan() {
		all = append(all, lines.Text())
	}
	require.Error(t, cmd.Wait())
	assert.Equal(t, 130, cmd.ProcessState.ExitCode())
	text := strings.Join(all, "\n")
	assert.GreaterOrEqual(t, strings.Count(text, "3 of 3 replicas ready"), 2, text)
	assert.NotContains(t, text, "\x1b")
}
