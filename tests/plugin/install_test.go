package plugin_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

func TestInstallFromTheRepository(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		list := h.run(t, "plugin", "list")
		require.Equal(t, 0, list.Code, list.Stderr)
		assert.Regexp(t, `(?m)^coder-ha\s+\d+\.\d+\.\d+\s`, list.Stdout)
		assert.NotContains(t, strings.ToUpper(list.Stdout+list.Stderr), "WARNING")

		removed := h.run(t, "plugin", "uninstall", "coder-ha")
		require.Equal(t, 0, removed.Code, removed.Stderr)
		assert.NotContains(t, h.run(t, "plugin", "list").Stdout, "coder-ha")
	})
}

func TestOtherPluginsOfTheUserStillLoad(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		// One that Helm reads before ours, and one after.
		for _, name := range []string{"aardvark", "zebra"} {
			dir := filepath.Join(command.PluginsDir(h.home), name)
			require.NoError(t, os.MkdirAll(dir, 0o755))
			text := "name: " + name + "\nversion: 1.0.0\nusage: a neighbor\n" +
				"platformCommand:\n  - os: linux\n    command: echo\n    args: [here is " + name + "]\n" +
				"  - os: darwin\n    command: echo\n    args: [here is " + name + "]\n"
			require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(text), 0o600))
		}
		for _, name := range []string{"aardvark", "zebra"} {
			got := h.run(t, name)
			assert.Equal(t, 0, got.Code, got.Stderr)
			assert.Equal(t, "here is "+name+"\n", got.Stdout)
		}
		ours := h.run(t, "coder-ha", "version")
		assert.Equal(t, 0, ours.Code, ours.Stderr)
	})
}

func TestHelmCommandsThemselvesStaySilentAboutThePlugin(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		got := h.run(t, "version", "--template", "{{.Version}}")
		assert.Equal(t, 0, got.Code)
		assert.Regexp(t, `^v\d+\.\d+\.\d+$`, strings.TrimSpace(got.Stdout))
		assert.Empty(t, got.Stderr)
	})
}

func TestVersionIsThatOfPluginYAML(t *testing.T) {
	path, err := checkout.Path("plugin/plugin.yaml")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var version string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "version: "); ok {
			version = strings.TrimSpace(rest)
		}
	}
	require.NotEmpty(t, version)

	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		got := h.run(t, "coder-ha", "version")
		assert.Equal(t, 0, got.Code)
		assert.True(t, strings.HasPrefix(got.Stdout, "coder-ha "+version+" "), got.Stdout)
		assert.Empty(t, got.Stderr)
	})
}

func TestRendersWithTheHelmSDKOfTheHelm3ThatTheTestsPin(t *testing.T) {
	helm3, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, helm3)
	cli := strings.TrimSpace(h.run(t, "version", "--template", "{{.Version}}").Stdout)
	assert.Contains(t, h.alone(t, "version").Stdout, "helm SDK "+cli+")",
		"pin the same version in go.mod and tests/tools/helm3")
}

func TestHelp(t *testing.T) {
	underBothHelmsInstalled(t, func(t *testing.T, h helm) {
		t.Run("reaches the plugin", func(t *testing.T) {
			got := h.run(t, "coder-ha", "--help")
			assert.Equal(t, 0, got.Code)
			assert.Contains(t, got.Stdout, "helm coder-ha validate")
			assert.Contains(t, got.Stdout, "Available Commands:")
		})
		t.Run("lists the plugin among Helm's commands", func(t *testing.T) {
			assert.Regexp(t, `(?m)^\s+coder-ha\s+Validate highly available Coder deployments`, h.run(t, "--help").Stdout)
		})
	})
}
