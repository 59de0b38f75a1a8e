package plugin_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestInjectIsAKustomizeFunction builds a kustomization whose transformer is the
// post-renderer's program, as Kustomize does it with --enable-alpha-plugins and
// --enable-exec.
func TestInjectIsAKustomizeFunction(t *testing.T) {
	program, err := checkout.Path("plugin/postrenderer/post-renderer")
	require.NoError(t, err)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"coder.yaml":         readPage(t).files["coder.yaml"],
		"kustomization.yaml": "resources: [coder.yaml]\ntransformers: [inject.yaml]\nnamePrefix: dev-\n",
		"inject.yaml": "apiVersion: coder-ha.io/v1\nkind: Inject\nmetadata:\n  name: inject\n  annotations:\n" +
			"    config.kubernetes.io/function: |\n      exec:\n        path: " + program + "\n",
	} {
		require.NoError(t, writeFile(filepath.Join(dir, name), text))
	}
	options := krusty.MakeDefaultOptions()
	options.PluginConfig = types.EnabledPluginConfig(types.BploUseStaticallyLinked)
	options.PluginConfig.FnpLoadingOptions.EnableExec = true
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	require.NoError(t, err)
	text, err := built.AsYaml()
	require.NoError(t, err)
	got := string(text)
	assert.Contains(t, got, "name: dev-coder")
	assert.Contains(t, got, "value: http://$(KUBE_POD_IP):8080")
	assert.Equal(t, 1, strings.Count(got, "name: CODER_CLUSTER_HOST"))
	assert.Empty(t, parseReport(t, newHelm(t, "").validate(t, got).Stdout).errors())
}
