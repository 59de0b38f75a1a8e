//go:build oracle

package coder_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// The same starts as pods: what the model says of a replica is what coderd makes of
// its environment, its command line and the config file in its ConfigMap.
func TestWeReadAPodAsCoderdDoes(t *testing.T) {
	for _, version := range []struct{ text, modfile string }{{"v2.36.1", "go.mod"}, {"v2.24.0", "v2.24.0.mod"}} {
		t.Run(version.text, func(t *testing.T) {
			t.Parallel()
			compared := coder.Compare(t, version.modfile, version.text)
			differs := func(q coder.Question) string {
				return podDifference(t, compared.Version, version.text, q, compared.Ask(t, q))
			}
			served, asked := 0, 0
			for ; compared.More(asked); asked++ {
				q := compared.Question()
				if twoSpellings(q) {
					continue
				}
				if compared.Ask(t, q).Settings != nil {
					served++
				}
				if differs(q) == "" {
					continue
				}
				q = coder.Shrink(q, func(q coder.Question) bool { return !twoSpellings(q) && differs(q) != "" })
				text, err := json.Marshal(q)
				require.NoError(t, err)
				require.Fail(t, "we read a pod otherwise than coderd does", "Coder %s, pod %d, made smaller:\n%s\n%s", version.text, asked, text, differs(q))
			}
			require.Greater(t, served, asked/10, "too few of the pods serve to say much")
		})
	}
}

// twoSpellings says whether a variable stands in two spellings: the kubelet hands
// variables over in no order.
func twoSpellings(q coder.Question) bool {
	return slices.ContainsFunc(q.Env, func(a [2]string) bool {
		return slices.ContainsFunc(q.Env, func(b [2]string) bool { return a[0] != b[0] && strings.EqualFold(a[0], b[0]) })
	})
}

const folder = "/etc/coder"

// inFolder makes the relative paths of config files absolute.
func inFolder(text string) string {
	for _, name := range []string{"a.yaml", "b.yaml", "missing.yaml"} {
		text = strings.ReplaceAll(text, name, folder+"/"+name)
	}
	return text
}

// manifests are a Pod that starts as the question says, and its ConfigMap.
func manifests(t *testing.T, version string, q coder.Question) []manifest.Object {
	t.Helper()
	container := corev1.Container{
		Name: "coder", Image: "ghcr.io/coder/coder:" + version, Command: []string{"/opt/coder"},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: folder}},
	}
	for _, arg := range q.Args {
		container.Args = append(container.Args, inFolder(arg))
	}
	for _, v := range q.Env {
		container.Env = append(container.Env, corev1.EnvVar{Name: v[0], Value: inFolder(v[1])})
	}
	config := corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Name: "config"}, Data: q.Files}
	pod := map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "coder"},
		"spec": map[string]any{"template": corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			Containers: []corev1.Container{container},
			Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{
				ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "config"}},
			}}},
		}}},
	}
	var text strings.Builder
	for _, object := range []any{pod, config} {
		doc, err := json.Marshal(object)
		require.NoError(t, err)
		text.WriteString("---\n" + string(doc) + "\n")
	}
	objects, err := manifest.Decode(strings.NewReader(text.String()), "pod.yaml")
	require.NoError(t, err)
	return objects
}

// configPath is that of the config file.
func configPath(v coder.Version, q coder.Question) string {
	start := coder.Start{Version: v}
	for _, e := range q.Env {
		start.Env = append(start.Env, coder.Variable{Name: e[0], Text: inFolder(e[1])})
	}
	for _, arg := range q.Args {
		start.Args = append(start.Args, inFolder(arg))
	}
	return coder.Read(start).Value(coder.ConfigPath).Text
}

// podDifference says how the model differs from what coderd makes of a start; ""
// where it does not.
func podDifference(t *testing.T, v coder.Version, version string, q coder.Question, a coder.Answer) string {
	t.Helper()
	if a.Settings == nil && a.Error == "" || coder.Read(coder.Start{Version: v, Args: q.Args}).Other != "" {
		// It is no replica.
		return ""
	}
	if file := configPath(v, q); file != "" && !strings.HasPrefix(file, folder+"/") {
		// What it names is in the image.
		return ""
	}
	d, err := kube.Build(manifests(t, version, q), kube.Options{Namespace: "ns", Workloads: []string{"coder"}})
	require.NoError(t, err)
	r := d.Replicas[0]
	// What coderd's server refuses later is not in its option library.
	refusals := slices.DeleteFunc(r.Refusals, func(r deployment.Refusal) bool {
		return slices.ContainsFunc([]string{"TLS is o", "does not begin with", "is not one of none", "is not one of tls10"}, func(reason string) bool { return strings.Contains(r.Reason, reason) })
	})
	if ends := a.Error+a.Invalid != ""; ends != (len(refusals) > 0) {
		return fmt.Sprintf("ours: %+v\ncoderd: %q", refusals, a.Error+a.Invalid)
	}
	if a.Error+a.Invalid != "" {
		return ""
	}
	for _, s := range coder.Settings(v) {
		theirs, ours := a.Settings[s.Variable], r.Env(s.Variable)
		if s.Variable == "" || coder.Shared(s) || s.Type == coder.TypeStruct {
			continue
		}
		byDefault := theirs.Source == "" || theirs.Source == "default"
		switch {
		case ours.State == deployment.Unknown:
			return s.Variable + " is not known: " + ours.Why
		case (ours.State == deployment.Missing) != byDefault:
			return fmt.Sprintf("%s: ours %q, coderd's from %q", s.Variable, ours, theirs.Source)
		case byDefault:
		case s.Type == coder.TypeList && !slices.Equal(ours.List(), theirs.List):
			return fmt.Sprintf("%s: ours %q, coderd's %q", s.Variable, ours.List(), theirs.List)
		case s.Type != coder.TypeList && coder.Canonical(s, string(ours.Text)) != inFolder(theirs.Text):
			return fmt.Sprintf("%s: ours %q, coderd's %q", s.Variable, ours.Text, theirs.Text)
		}
	}
	return ""
}
