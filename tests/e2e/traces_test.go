package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
)

// TestClusterLeavesNothingBehind kills a cluster at its root, as the machine's
// memory manager might, and starts it again twice.
func TestClusterLeavesNothingBehind(t *testing.T) {
	if !breaks(t, shared) {
		return
	}
	const name = "traces"
	before := traces(t, name)
	require.Empty(t, before, "an earlier run left something")
	pause, err := filepath.Glob(filepath.Join(root, ".cache", "e2e", "images", "pause-*.tar"))
	require.NoError(t, err)
	cfg := cluster.Config{Name: name, Nodes: 1, Images: pause}
	t.Cleanup(func() {
		_, err := cluster.Down(name)
		assert.NoError(t, err)
	})

	c, err := cluster.Up(t.Context(), cfg)
	require.NoError(t, err)
	require.NotEmpty(t, traces(t, name), "a running cluster leaves traces, or the search for them is wrong")
	require.NoError(t, c.Down())
	assert.Empty(t, traces(t, name), "after an orderly end")

	c, err = cluster.Up(t.Context(), cfg)
	require.NoError(t, err)
	_, err = cluster.Up(t.Context(), cfg)
	require.ErrorContains(t, err, "already up")
	require.NoError(t, unix.Kill(c.Keeper(), unix.SIGKILL))
	_, err = cluster.Down(name)
	require.NoError(t, err)
	assert.Empty(t, traces(t, name), "after SIGKILL")
}

// traces are the processes, mounts, links, control groups and folders of a
// cluster.
func traces(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	state := filepath.Join(root, ".cache", "e2e", "clusters", name)
	if _, err := os.Stat(state); err == nil {
		found = append(found, state)
	}
	groups, err := filepath.Glob("/sys/fs/cgroup/coder-ha-" + name + "*")
	require.NoError(t, err)
	nested, err := filepath.Glob("/sys/fs/cgroup/*/coder-ha-" + name + "*")
	require.NoError(t, err)
	found = append(append(found, groups...), nested...)
	aliases, err := filepath.Glob("/sys/class/net/*/ifalias")
	require.NoError(t, err)
	for _, file := range aliases {
		if alias, err := os.ReadFile(file); err == nil && strings.Contains(string(alias), "cluster "+name) {
			found = append(found, file)
		}
	}
	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range commands {
		if command, err := os.ReadFile(file); err == nil && strings.Contains(string(command), state) {
			found = append(found, file+" "+string(command))
		}
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	require.NoError(t, err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, state) {
			found = append(found, line)
		}
	}
	return found
}
