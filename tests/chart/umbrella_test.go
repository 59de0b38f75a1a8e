package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/coder-ha/coder-ha/tests/internal/upstream"
)

// umbrella is a chart that has this one and the upstream chart of external
// provisioners as its parts. Named templates are one namespace for all of them.
func umbrella(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "platform")
	charts, err := upstream.Find(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(filepath.Join(dir, "charts", "coder"), os.DirFS(chartDir)))
	_, err = charts.Write(filepath.Join(dir, "charts"), "provisioner", upstream.Version{Chart: chartVersion, App: appVersion})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Chart.yaml"), []byte("{apiVersion: v2, name: platform, version: 1.0.0}"), 0o600))
	return dir
}

func TestTheChartIsAPartBesideTheUpstreamProvisioners(t *testing.T) {
	platform := umbrella(t)
	bothHelms(t, func(t *testing.T) {
		const coder = `{replicaCount: 3, envFrom: [{secretRef: {name: db}}], tls: {secretNames: [a]}}`
		alone := objects(t, `coder: `+coder, withHooks())
		all := objects(t, `{coder: {coder: `+coder+`}, coder-provisioner: {provisionerDaemon: {keySecretName: key}}}`,
			withHooks(), fromChart(platform))
		together := byKey(t, all)
		for key, text := range byKey(t, alone) {
			assert.Equal(t, text, together[key], key)
		}
		provisioner := find[*appsv1.Deployment](t, all, "coder-provisioner").Spec.Template.Spec
		assert.Equal(t, "ghcr.io/coder/coder:v"+appVersion, provisioner.Containers[0].Image)
		assert.Equal(t, []string{"provisionerd", "start"}, provisioner.Containers[0].Args)
		assert.Empty(t, provisioner.Volumes)
	})
}

func TestExtraTemplatesMayIncludeWhatTheUpstreamChartDefines(t *testing.T) {
	text := render(t, `
extraTemplates:
  - |
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: {{ include "coder.name" . }}-own
      labels:
        {{- include "coder.labels" . | nindent 8 }}
    data:
      image: {{ include  "coder.image" . | quote }}
      url: {{ template "coder.defaultAccessURL" . }}`)
	assert.Contains(t, text, "name: coder-own")
	assert.Contains(t, text, "url: http://coder.coder.svc.cluster.local")
	assert.Contains(t, text, `image: "ghcr.io/coder/coder:v`+appVersion+`"`)
}

func TestEveryNamedTemplateHasThePrefixOfThisChart(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chartDir, "templates", "_*"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, part := range strings.Split(string(text), "{{- define ")[1:] {
			assert.True(t, strings.HasPrefix(part, `"coder-ha.`), "%s: %.30s", filepath.Base(file), part)
		}
	}
}
