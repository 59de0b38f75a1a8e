package chart_test

import (
	"errors"
	"os"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
)

// rendering is one call of helm template.
type rendering struct {
	chart       string
	release     string
	namespace   string
	kubeVersion string
	valuesFiles []string
	args        []string
}

// option changes a rendering from its defaults: release "coder" in namespace
// "coder", without hooks.
type option func(*rendering)

func release(name string) option { return func(r *rendering) { r.release = name } }

func namespace(name string) option { return func(r *rendering) { r.namespace = name } }

func forKubernetes(version string) option { return func(r *rendering) { r.kubeVersion = version } }

func fromChart(dir string) option { return func(r *rendering) { r.chart = dir } }

func withHooks() option { return func(r *rendering) { r.args = nil } }

// set adds a --set argument.
func set(assignment string) option {
	return func(r *rendering) { r.args = append(r.args, "--set", assignment) }
}

// newRendering writes the values to a file of the test's own.
func newRendering(t *testing.T, values string, options []option) rendering {
	t.Helper()
	file, err := os.CreateTemp(valuesDir, "values-*.yaml")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.Remove(file.Name()) })
	_, err = file.WriteString(values)
	require.NoError(t, errors.Join(err, file.Close()))
	r := rendering{
		chart: chartDir, release: "coder", namespace: "coder", kubeVersion: kubeVersion,
		valuesFiles: []string{file.Name()}, args: []string{"--no-hooks"},
	}
	for _, change := range options {
		change(&r)
	}
	return r
}

// run gives what helm template wrote to its two streams.
func (r rendering) run(t *testing.T) (stdout, stderr string, err error) {
	t.Helper()
	options := &helm.Options{
		Logger:         logger.Discard,
		ValuesFiles:    r.valuesFiles,
		KubectlOptions: k8s.NewKubectlOptions("", "", r.namespace),
	}
	args := append([]string{"--kube-version", r.kubeVersion}, r.args...)
	return helm.RenderTemplateAndGetStdOutErrContextE(t, renderContext(t), options, r.chart, r.release, nil, args...)
}

// render is the text of the manifests for these values.
func render(t *testing.T, values string, options ...option) string {
	t.Helper()
	stdout, stderr, err := newRendering(t, values, options).run(t)
	require.NoError(t, err, stderr)
	return stdout
}

// refusal is what Helm says when it refuses these values.
func refusal(t *testing.T, values string, options ...option) string {
	t.Helper()
	stdout, stderr, err := newRendering(t, values, options).run(t)
	require.Error(t, err, "rendered:\n%s", stdout)
	return stderr
}
