package plugin_test

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// TestRendersWhatHelmTemplateRenders compares all that a template can see. The
// chart in testdata/mirror writes that into its access URL, which both the
// rendered object and the report show.
func TestRendersWhatHelmTemplateRenders(t *testing.T) {
	tests := []struct {
		name string
		args []string
	}{
		{"with the chart's own values", nil},
		{"with a release name and a namespace", []string{"--namespace", "platform"}},
		{"with a values file", []string{"-f", "testdata/mirror-values.yaml"}},
		{"with two values files, the last one first", []string{"-f", "testdata/mirror-values.yaml", "-f", "testdata/mirror-more.yaml"}},
		{"with two values files in one flag", []string{"-f", "testdata/mirror-values.yaml,testdata/mirror-more.yaml"}},
		{"with --set", []string{"--set", "nested.new=1,list[1]=c,text=a\\,b", "--set", "number=null"}},
		{"with --set-string", []string{"--set-string", "number=0123,text=true"}},
		{"with --set-json", []string{"--set-json", `nested={"a":[1,{"b":null}]}`, "--set-json", `text="json",list=[]`}},
		{"with --set-file", []string{"--set-file", "text=testdata/mirror/files/file.txt"}},
		{"with --set-literal", []string{"--set-literal", `text={"a","b"}[0]=1,2`}},
		{"with every kind of value at once", []string{
			"--set-file", "text=testdata/mirror/files/file.txt", "--set-literal", "list=x", "--set-string", "number=7",
			"--set", "number=8,text=set,list=y", "--set-json", "number=9", "-f", "testdata/mirror-values.yaml",
		}},
		{"with a Kubernetes version", []string{"--kube-version", "1.29.3"}},
		{"with API versions", []string{"-a", "monitoring.coreos.com/v1", "--api-versions", "example.com/v1/Thing"}},
		{"as an upgrade", []string{"--is-upgrade"}},
		{"with a sub-chart off", []string{"--set", "sub.enabled=false"}},
		{"with a tagged sub-chart on", []string{"--set", "tags.twins=true"}},
		{"with name look-ups", []string{"--enable-dns"}},
		{"without the schema", []string{"--skip-schema-validation", "--set", "replicas=3.0"}},
	}
	helm3, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, helm3)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"mirrored", "testdata/mirror"}, test.args...)
			rendered := h.run(t, append([]string{"template"}, args...)...)
			require.Equal(t, 0, rendered.Code, rendered.Stderr)
			judged := h.alone(t, append([]string{"validate", "-o", "json"}, args...)...)
			require.NotEmpty(t, judged.Stdout, judged.Stderr)

			want := seen(t, accessURLOfManifest(t, rendered.Stdout))
			got := seen(t, parseReport(t, judged.Stdout).Deployment.Replicas[0].AccessURL)
			assert.Equal(t, want, got)
			assert.NotEqual(t, "v1.20.0", want["kube"].(map[string]any)["Version"], "the pinned Helm is no release build")
		})
	}
}

// TestRefusesWhatHelmTemplateRefuses holds the plugin to Helm's own errors.
func TestRefusesWhatHelmTemplateRefuses(t *testing.T) {
	tests := []struct {
		name string
		args []string
	}{
		{"values that the schema forbids", []string{"--set-string", "replicas=three"}},
		{"a Kubernetes version that the chart forbids", []string{"--kube-version", "1.19.0"}},
		{"a Kubernetes version that is none", []string{"--kube-version", "one"}},
		{"a values file that is not there", []string{"-f", "no-such-file.yaml"}},
		{"values that do not parse", []string{"--set", "a[b=1"}},
		{"JSON values that do not parse", []string{"--set-json", "a={"}},
	}
	helm3, err := checkout.Helm3()
	require.NoError(t, err)
	h := newHelm(t, helm3)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"mirrored", "testdata/mirror"}, test.args...)
			require.NotEqual(t, 0, h.run(t, append([]string{"template"}, args...)...).Code)
			judged := h.alone(t, append([]string{"validate", "-o", "json"}, args...)...)
			assert.Equal(t, 2, judged.Code, judged.Stdout)
			assert.Empty(t, judged.Stdout)
			assert.True(t, strings.HasPrefix(judged.Stderr, "coder-ha: "), judged.Stderr)
		})
	}
}

// workspaceProxy are the example values without a coderd, which the plugin does not
// judge.
const (
	workspaceProxy = "proxy-values.yaml"
	notCoderServer = "none of the workloads runs `coder server`"
)

// TestTheChartAndItsRenderingAreOneDeployment takes the chart's own example
// values: what is judged must not depend on who rendered it.
func TestTheChartAndItsRenderingAreOneDeployment(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(chart(t), "ci", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	underBothHelms(t, func(t *testing.T, h helm) {
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				rendered := h.run(t, "template", "coder", chart(t), "--namespace", "coder", "-f", file)
				require.Equal(t, 0, rendered.Code, rendered.Stderr)
				path := filepath.Join(t.TempDir(), "rendered.yaml")
				require.NoError(t, writeFile(path, rendered.Stdout))

				fromManifest := h.alone(t, "validate", "--manifest", path, "--namespace", "coder", "-o", "json")
				fromChart := h.alone(t, "validate", "coder", chart(t), "--namespace", "coder", "-f", file, "-o", "json")
				assert.Equal(t, fromManifest.Code, fromChart.Code, fromChart.Stderr)
				if filepath.Base(file) == workspaceProxy {
					assert.Contains(t, fromManifest.Stderr, notCoderServer)
					assert.Contains(t, fromChart.Stderr, notCoderServer)
					return
				}
				assert.Equal(t, verdicts(t, fromManifest.Stdout), verdicts(t, fromChart.Stdout))
			})
		}
	})
}

// verdicts is a report without where things stand, and what only values can show,
// which differ by nature between a values file and a rendered one.
func verdicts(t *testing.T, stdout string) report {
	t.Helper()
	r := parseReport(t, stdout)
	for i := range r.Checks {
		if r.Checks[i].ID == "values-misplaced" {
			r.Checks[i].Status = ""
		}
		for j := range r.Checks[i].Findings {
			r.Checks[i].Findings[j].Remedy = ""
		}
	}
	return r
}

// accessURLOfManifest finds CODER_ACCESS_URL in the one StatefulSet of a
// manifest.
func accessURLOfManifest(t *testing.T, text string) string {
	t.Helper()
	var set struct {
		Spec struct {
			Template struct {
				Spec struct {
					Containers []struct {
						Env []struct{ Name, Value string }
					}
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &set))
	require.Len(t, set.Spec.Template.Spec.Containers, 1)
	require.Len(t, set.Spec.Template.Spec.Containers[0].Env, 1)
	return set.Spec.Template.Spec.Containers[0].Env[0].Value
}

// seen decodes what the mirror chart wrote into the access URL.
func seen(t *testing.T, accessURL string) map[string]any {
	t.Helper()
	text, ok := strings.CutPrefix(accessURL, "https://coder.example.com/")
	require.True(t, ok, accessURL)
	text, err := url.QueryUnescape(text)
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &all), text)
	return all
}
