package e2e

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/manual"
)

// enter makes of the namespace what the next block takes for granted.
func (r *reader) enter(t *testing.T) {
	t.Helper()
	due := r.due
	r.due = ""
	if due == "" {
		return
	}
	r.printed = map[string]string{}
	if due == thisChartRuns {
		r.run(t, manual.Statement{Text: "helm upgrade --install coder ./charts/coder -n coder -f values.yaml"}, 0)
		r.waitRolledOut(3)
		r.waitMesh(3)
		return
	}
	r.remove(t.Context(), r.ns)
	if due == bare {
		return
	}
	r.namespace(r.ns, nil)
	r.keepURL(r.url)
	if due == upstreamRuns {
		r.run(t, manual.Statement{Text: "helm install coder ./other-chart -n coder -f values.yaml"}, 0)
		r.waitReady(r.ns, replicaLabels, 3)
	}
}

// run runs a statement and returns what it printed.
func (r *reader) run(t *testing.T, s manual.Statement, code int) string {
	t.Helper()
	text := r.own(s.Text)
	if s.Background {
		return r.leave(t, strings.TrimSuffix(text, "&"))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd, output := r.bash(ctx, text)
	begin := time.Now()
	require.NoError(t, cmd.Start())
	if word, interrupted := stays(s); word != "" {
		r.used["interrupted "+word] = true
		r.eventually("the first report of "+text, func(context.Context) (bool, error) { return strings.Contains(output.String(), "Result: "), nil })
		require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
		code = interrupted
	}
	_ = cmd.Wait()
	require.Equal(t, code, exitCode(cmd), "%s\n%s", text, output.String())
	assert.NotContains(t, output.String(), "e2e-password", text)
	t.Logf("%.1f s: %s", time.Since(begin).Seconds(), text)
	return output.String()
}

// bash is a shell with a command, in a group of its own, and what it prints.
func (r *reader) bash(ctx context.Context, text string) (*exec.Cmd, *said) {
	cmd := exec.CommandContext(ctx, "/bin/bash", "-e", "-o", "pipefail", "-c", text)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = r.dir, r.env, &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	output := &said{}
	cmd.Stdout, cmd.Stderr = output, output
	return cmd, output
}

// exitCode is that of a shell: it counts a signal as well.
func exitCode(cmd *exec.Cmd) int {
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// leave starts what a reader leaves running, and waits for its first words. It ends with
// the block.
func (r *reader) leave(t *testing.T, text string) string {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	cmd, output := r.bash(ctx, text)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		end()
		_ = cmd.Wait()
	})
	r.eventually("the first words of "+text, func(context.Context) (bool, error) { return output.String() != "", nil })
	t.Logf("left running: %s: %s", text, output.String())
	return output.String()
}

func stays(s manual.Statement) (word string, code int) {
	for word, code := range untilInterrupted {
		if strings.Contains(s.Text, word) {
			return word, code
		}
	}
	return "", 0
}

// said is what a program printed so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
