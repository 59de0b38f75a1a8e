//go:build unix

package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// atOnce bounds the wait after Ctrl-C. The promise is half a second; the rest is
// for a machine that does other work. What it must not wait for takes 10 s.
const atOnce = 3 * time.Second

// silentServer takes connections and never says a word.
type silentServer struct {
	address string
	// connected gets a value for each connection, gone when one is closed.
	connected, gone chan struct{}
}

func startSilentServer(t *testing.T) silentServer {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s := silentServer{
		address:   listener.Addr().String(),
		connected: make(chan struct{}, 100),
		gone:      make(chan struct{}, 100),
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.connected <- struct{}{}
			go func() {
				defer func() { s.gone <- struct{}{} }()
				defer func() { _ = connection.Close() }()
				_, _ = io.Copy(io.Discard, connection)
			}()
		}
	}()
	return s
}

// postgres is the server as an entry of the environment.
func (s silentServer) postgres() string {
	return "CODER_PG_CONNECTION_URL=postgres://coder:" + password + "@" + s.address + "/coder?sslmode=disable"
}

// await receives from a channel, or fails the test after the limit.
func await(t *testing.T, c <-chan struct{}, limit time.Duration, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(limit):
		require.Fail(t, "waited in vain", "%s within %s", what, limit)
	}
}

// start starts a program in a process group of its own, as a shell does.
func start(t *testing.T, env []string, path string, args ...string) (cmd *exec.Cmd, stdout *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	stdout = new(bytes.Buffer)
	cmd = exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdout = env, stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	return cmd, stdout
}

func TestASignalEndsThePluginAtOnce(t *testing.T) {
	tests := []struct {
		name   string
		signal syscall.Signal
		// values is the values file; without one it is read from the server.
		values string
		// cluster says that the server is the cluster, and the chart is not
		// rendered before it answers.
		cluster bool
	}{
		{"Ctrl-C while Postgres is silent", syscall.SIGINT, "testdata/good.yaml", false},
		{"a termination while Postgres is silent", syscall.SIGTERM, "testdata/good.yaml", false},
		{"the end of the terminal while Postgres is silent", syscall.SIGHUP, "testdata/good.yaml", false},
		{"Ctrl-C while the values do not come", syscall.SIGINT, "", false},
		{"Ctrl-C while the cluster is silent", syscall.SIGINT, "testdata/good.yaml", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := startSilentServer(t)
			path, err := checkout.Plugin()
			require.NoError(t, err)
			values := test.values
			if values == "" {
				values = "http://" + server.address + "/values.yaml"
			}
			args := []string{"validate", "-f", values, "-o", "json"}
			if test.cluster {
				args = append(args, "--dry-run=server", "--kube-apiserver", "http://"+server.address)
			}
			cmd, stdout := start(t, newHelm(t, "").with(server.postgres()).env, path, args...)
			await(t, server.connected, patience, "a connection")

			sent := time.Now()
			require.NoError(t, cmd.Process.Signal(test.signal))
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			assert.Less(t, time.Since(sent), atOnce)
			assert.Equal(t, 130, exit.ExitCode())
			assert.NotContains(t, stdout.String(), password)
			if test.values != "" && !test.cluster {
				assert.Equal(t, "incomplete", parseReport(t, stdout.String()).Verdict, "what is known so far is reported")
			}
		})
	}
}

func TestCtrlCUnderHelmLeavesNoPluginBehind(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		server := startSilentServer(t)
		cmd, _ := start(t, h.with(server.postgres()).env, h.path, "coder-ha", "validate", "-f", "testdata/good.yaml")
		await(t, server.connected, patience, "a connection to Postgres")

		// A terminal sends it to the whole group: Helm dies of it at once, and
		// the plugin is on its own.
		require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGINT))
		await(t, server.gone, atOnce, "the end of the plugin")
		require.Error(t, cmd.Wait())
	})
}

// TestThePluginEndsWithHelm signals Helm alone, as a supervisor does: Helm hands
// nothing on.
func TestThePluginEndsWithHelm(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL} {
			t.Run(signal.String(), func(t *testing.T) {
				server := startSilentServer(t)
				cmd, _ := start(t, h.with(server.postgres()).env, h.path, "coder-ha", "validate", "-f", "testdata/good.yaml")
				await(t, server.connected, patience, "a connection to Postgres")
				require.NoError(t, cmd.Process.Signal(signal))
				await(t, server.gone, atOnce, "the end of the plugin")
				require.Error(t, cmd.Wait())
			})
		}
	})
}

// TestWhatNohupIgnoresStaysIgnored starts the plugin as nohup does.
func TestWhatNohupIgnoresStaysIgnored(t *testing.T) {
	server := startSilentServer(t)
	path, err := checkout.Plugin()
	require.NoError(t, err)
	cmd, stdout := start(t, newHelm(t, "").with(server.postgres()).env, "/bin/sh", "-c", `trap "" HUP; exec "$0" "$@"`,
		path, "validate", "-f", "testdata/good.yaml", "--timeout", "3s")
	await(t, server.connected, patience, "a connection to Postgres")
	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))
	require.Error(t, cmd.Wait())
	assert.Contains(t, stdout.String(), "postgres-unreachable", "the run goes on to its end")
	assert.NotContains(t, stdout.String(), "interrupted")
}

func TestTheTimeoutEndsTheRunWith124(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		t.Run("while the values do not come", func(t *testing.T) {
			server := startSilentServer(t)
			got := h.run(t, "coder-ha", "validate", "-f", "http://"+server.address+"/values.yaml", "--timeout", "1s")
			timedOut(t, got)
		})
		t.Run("while the cluster does not answer", func(t *testing.T) {
			server := startSilentServer(t)
			timedOut(t, h.run(t, "coder-ha", "validate", "-f", "testdata/good.yaml",
				"--dry-run=server", "--kube-apiserver", "http://"+server.address, "--timeout", "1s"))
		})
		t.Run("while the manifest does not come", func(t *testing.T) {
			reader, writer, err := os.Pipe()
			require.NoError(t, err)
			defer func() { _ = errors.Join(reader.Close(), writer.Close()) }()
			timedOut(t, h.runWith(t, reader, "coder-ha", "validate", "--manifest", "-", "--timeout", "1s"))
		})
	})
}

func timedOut(t *testing.T, got command.Result) {
	t.Helper()
	assert.Equal(t, 124, got.Code, got.Stderr)
	assert.Contains(t, got.Stderr, "--timeout 1s")
	assert.Less(t, got.Took, 8*time.Second)
}

func TestADatabaseThatDoesNotAnswerIsAFindingWithinTheTimeout(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		server := startSilentServer(t)
		got := h.with(server.postgres()).run(t,
			"coder-ha", "validate", "-f", "testdata/good.yaml", "--timeout", "1s", "-o", "json")
		assert.Equal(t, 1, got.Code, got.Stderr)
		assert.Contains(t, parseReport(t, got.Stdout).failed(), "postgres-unreachable")
		assert.Less(t, got.Took, 8*time.Second)
	})
}
