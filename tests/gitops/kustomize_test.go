package gitops_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
	"github.com/coder-ha/coder-ha/tests/internal/command"
)

// TestKustomizeInflatesTheChart builds the folder as `kustomize build --enable-helm`
// does. The chart lies where Kustomize puts what it has pulled.
func TestKustomizeInflatesTheChart(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(example(t, "kustomize"))))
	pulled := filepath.Join(dir, "charts", "coder-"+chartVersion(t), "coder")
	require.NoError(t, os.CopyFS(pulled, os.DirFS(chart(t))))
	underBothHelms(t, func(t *testing.T, helm string) {
		options := krusty.MakeDefaultOptions()
		options.PluginConfig = types.EnabledPluginConfig(types.BploUseStaticallyLinked)
		options.PluginConfig.HelmConfig = types.HelmConfig{Enabled: true, Command: helm}
		built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
		require.NoError(t, err)
		text, err := built.AsYaml()
		require.NoError(t, err)
		want := run(t, helm, "template", "coder", chart(t), "-n", "coder", "-f", example(t, "kustomize/values.yaml"), "--skip-tests")
		assert.Equal(t, byName(t, want), byName(t, string(text)))

		plugin, err := checkout.Plugin()
		require.NoError(t, err)
		assert.Contains(t, runWith(t, command.Command{
			Path: plugin, Args: []string{"validate", "--manifest", "-", "-o", "short"},
			Env: command.Environment(t.TempDir()), Stdin: strings.NewReader(string(text)),
		}), "3 replicas: passed")
	})
}
