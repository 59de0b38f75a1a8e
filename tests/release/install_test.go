package release_test

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

// bare is a chart of others, which sets no relay URL.
const bare = `apiVersion: apps/v1
kind: Deployment
metadata: {name: coder}
spec:
  replicas: 2
  selector: {matchLabels: {app: coder}}
  template:
    metadata: {labels: {app: coder}}
    spec:
      containers:
        - name: coder
          image: ghcr.io/coder/coder:v2.37.2
          command: [/opt/coder]
          args: [server]
          env:
            - {name: CODER_HTTP_ADDRESS, value: "0.0.0.0:8080"}
`

func TestThePackagesInstall(t *testing.T) {
	r := published(t)
	server := r.serve(t)
	address := func(name string) string { return server + "/" + filepath.Base(r.path(t, name)) }
	tests := []struct {
		name    string
		helm    func() (string, error)
		install []string
	}{
		{"on Helm 3 from an address", checkout.Helm3, []string{address("coder-ha-VERSION-helm3.tgz")}},
		{"on Helm 3 from an address, for one platform", checkout.Helm3, []string{address("coder-ha-VERSION-helm3-" + platform + ".tgz")}},
		{"on Helm 4 from a file", checkout.Helm4, []string{r.path(t, "coder-ha-VERSION.tgz"), "--verify=false"}},
		{"on Helm 4 from a file, for one platform", checkout.Helm4, []string{r.path(t, "coder-ha-VERSION-"+platform+".tgz"), "--verify=false"}},
		{"on Helm 4 from an address", checkout.Helm4, []string{address("coder-ha-VERSION.tgz"), "--verify=false"}},
		{"on Helm 4 from an address, for one platform", checkout.Helm4, []string{address("coder-ha-VERSION-" + platform + ".tgz"), "--verify=false"}},
	}
	chart := filepath.Join(t.TempDir(), "bare")
	require.NoError(t, os.MkdirAll(filepath.Join(chart, "templates"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(chart, "Chart.yaml"), []byte("{apiVersion: v2, name: bare, version: 1.0.0}"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(chart, "templates", "coder.yaml"), []byte(bare), 0o600))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHelm(t, test.helm)
			h.must(t, append([]string{"plugin", "install"}, test.install...)...)
			assert.NotContains(t, strings.ToUpper(h.run(t, "plugin", "list").Stderr), "WARN")
			assert.Contains(t, h.must(t, "coder-ha", "version"), "coder-ha ")
			assert.Contains(t, h.must(t, "__complete", "coder-ha", "vers"), "version")

			rendered := h.must(t, "template", "coder", chart, "--post-renderer", h.postRenderer(t, r))
			assert.Contains(t, rendered, "RELAY_URL")
			h.must(t, "plugin", "uninstall", "coder-ha")
			assert.NotContains(t, h.must(t, "plugin", "list"), "coder-ha ")
		})
	}
}

// postRenderer is what to name as --post-renderer: in Helm 3 a file, in Helm 4 a
// plugin, which is installed for it.
func (h helm) postRenderer(t *testing.T, r release) string {
	t.Helper()
	if strings.HasSuffix(h.path, "helm4") {
		h.must(t, "plugin", "install", r.path(t, "coder-ha-inject-VERSION.tgz"), "--verify=false")
		return "coder-ha-inject"
	}
	return filepath.Join(command.PluginsDir(h.home), "coder-ha", "postrenderer", "post-renderer")
}

func TestAPackageForOnePlatformHasItsCommandOnly(t *testing.T) {
	r := published(t)
	files := untar(t, r.path(t, "coder-ha-VERSION-"+platform+".tgz"))
	about := files["coder-ha/plugin.yaml"]
	assert.Equal(t, 1, strings.Count(about, "command: "), about)
	assert.Contains(t, about, "bin/coder-ha-"+platform)
}
