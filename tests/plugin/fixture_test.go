// Package plugin_test runs the plugin as users do: through the real Helm 3 and
// Helm 4, installed from this repository, as whole processes.
package plugin_test

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// password stands in every Postgres URL of these tests and in no output.
const password = "Hidden-pa55word"

// patience ends a process that hangs; nothing here takes a quarter of it.
const patience = 20 * time.Second

// helm is one Helm with folders of its own.
type helm struct {
	path string
	home string
	env  []string
}

// newHelm gives a Helm folders of its own.
func newHelm(t *testing.T, path string) helm {
	t.Helper()
	home := t.TempDir()
	return helm{path: path, home: home, env: command.Environment(home)}
}

// underBothHelms runs a test under Helm 3 and under Helm 4.
func underBothHelms(t *testing.T, test func(t *testing.T, h helm)) {
	t.Helper()
	for _, version := range []struct {
		name string
		path func() (string, error)
	}{
		{"Helm 3", checkout.Helm3},
		{"Helm 4", checkout.Helm4},
	} {
		t.Run(version.name, func(t *testing.T) {
			path, err := version.path()
			require.NoError(t, err)
			test(t, newHelm(t, path))
		})
	}
}

// underBothHelmsInstalled is underBothHelms with the plugin installed from the
// folder that `make build` leaves.
func underBothHelmsInstalled(t *testing.T, test func(t *testing.T, h helm)) {
	t.Helper()
	underBothHelms(t, func(t *testing.T, h helm) {
		dir, err := checkout.PluginDir()
		require.NoError(t, err)
		installed := h.run(t, "plugin", "install", dir)
		require.Equal(t, 0, installed.Code, installed.Stderr)
		test(t, h)
	})
}

// run runs helm in the folder of the test's own files.
func (h helm) run(t *testing.T, args ...string) command.Result {
	t.Helper()
	return h.runWith(t, nil, args...)
}

func (h helm) runWith(t *testing.T, stdin io.Reader, args ...string) command.Result {
	t.Helper()
	return run(t, command.Command{Path: h.path, Args: args, Env: h.env, Stdin: stdin})
}

// with adds entries to the environment.
func (h helm) with(entries ...string) helm {
	h.env = append(append([]string{}, h.env...), entries...)
	return h
}

// alone runs the plugin without Helm, in the same environment.
func (h helm) alone(t *testing.T, args ...string) command.Result {
	t.Helper()
	path, err := checkout.Plugin()
	require.NoError(t, err)
	return run(t, command.Command{Path: path, Args: args, Env: h.env})
}

// run runs a program and holds it to the promise that binds all of them.
func run(t *testing.T, c command.Command) command.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := c.Run(ctx)
	require.NoError(t, err, "%s\n%s", result.Stdout, result.Stderr)
	assert.NotContains(t, result.Stdout+result.Stderr, password, "a password was printed")
	return result
}

// chart is the chart of this repository.
func chart(t *testing.T) string {
	t.Helper()
	path, err := checkout.Path("charts/coder")
	require.NoError(t, err)
	return path
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
