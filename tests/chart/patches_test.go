package chart_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestAPatchChangesWhatItNames(t *testing.T) {
	all := objects(t, `
coder:
  podSecurityContext: {fsGroup: 1000700000}
  podMonitor: {enable: true}
patches:
  - target: {kind: StatefulSet, name: coder}
    merge:
      metadata: {annotations: {a: b}, labels: {app.kubernetes.io/part-of: null}}
      spec: {revisionHistoryLimit: 3, template: {spec: {setHostnameAsFQDN: true}}}
  - target: {kind: Service, name: coder-replicas}
    json:
      - {op: add, path: /metadata/labels/example.com~1team, value: platform}
      - {op: add, path: /spec/ports/-, value: {name: last, port: 1}}
      - {op: add, path: /spec/ports/0, value: {name: first, port: 2}}
      - {op: replace, path: /spec/ports/1/port, value: 8088}
      - {op: remove, path: /spec/ports/2}
  - target: {kind: StatefulSet}
    json: [{op: add, path: /spec/template/spec/containers/0/stdin, value: true}]`, withHooks())
	workload := find[*appsv1.StatefulSet](t, all, "coder")
	assert.Equal(t, map[string]string{"a": "b"}, workload.Annotations)
	assert.NotContains(t, workload.Labels, "app.kubernetes.io/part-of", "null takes a key away")
	assert.Equal(t, new(int32(3)), workload.Spec.RevisionHistoryLimit)
	assert.Equal(t, new(true), workload.Spec.Template.Spec.SetHostnameAsFQDN)
	assert.True(t, coderOf(t, all).Stdin, "two patches of one object")
	assert.Equal(t, new(int64(1000700000)), workload.Spec.Template.Spec.SecurityContext.FSGroup, "large numbers stay numbers")

	service := find[*corev1.Service](t, all, "coder-replicas")
	assert.Equal(t, "platform", service.Labels["example.com/team"])
	var ports []corev1.ServicePort
	for _, port := range service.Spec.Ports {
		ports = append(ports, corev1.ServicePort{Name: port.Name, Port: port.Port})
	}
	assert.Equal(t, []corev1.ServicePort{{Name: "first", Port: 2}, {Name: "tcp-relay", Port: 8088}, {Name: "last", Port: 1}}, ports)
}

func TestAPatchLeavesEverythingElseAsItWas(t *testing.T) {
	const values = `coder: {replicaCount: 3, envFrom: [{secretRef: {name: db}}], networkPolicy: {enable: true}, ingress: {enable: true}}`
	before := byKey(t, objects(t, values, withHooks()))
	after := byKey(t, objects(t, "{"+values+`, patches: [{target: {kind: Ingress}, merge: {metadata: {annotations: {a: b}}}}]}`, withHooks()))
	require.NotEqual(t, before["Ingress coder/coder"], after["Ingress coder/coder"])
	delete(before, "Ingress coder/coder")
	delete(after, "Ingress coder/coder")
	equalObjects(t, before, after)
}

func TestAPatchThatDoesNotFitIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ values, want string }{
		"an object that is not there": {
			`patches: [{target: {kind: Ingress}, merge: {}}]`,
			"patches[0].target is Ingress, which the chart does not make with these values: correct its kind and name, or remove the patch.",
		},
		"another name": {
			`patches: [{target: {kind: Service, name: codr}, merge: {}}]`, "patches[0].target is Service codr, which the chart does not make",
		},
		"a path that is not there": {
			`patches: [{target: {kind: StatefulSet}, json: [{op: add, path: /spec/nothing/here, value: 1}]}]`,
			"patches[0].json[0]: the path /spec/nothing/here of the patch is not in the object",
		},
		"beyond the end of a list": {
			`patches: [{target: {kind: StatefulSet}, json: [{op: replace, path: /spec/template/spec/containers/1, value: {}}]}]`, "/containers/1 of the patch is not in the object",
		},
		"a word in a list": {
			`patches: [{target: {kind: StatefulSet}, json: [{op: remove, path: /spec/template/spec/containers/coder}]}]`, "/containers/coder of the patch is not in the object",
		},
		"replacing what is not there": {
			`patches: [{target: {kind: StatefulSet}, json: [{op: replace, path: /spec/paused, value: 1}]}]`, "/spec/paused of the patch is not in the object",
		},
		"below a text": {
			`patches: [{target: {kind: StatefulSet}, json: [{op: add, path: /kind/x, value: 1}]}]`, "/kind/x of the patch is not in the object",
		},
		"an operation that is not there": {`patches: [{target: {kind: StatefulSet}, json: [{op: move, path: /spec}]}]`, "/patches/0/json/0/op"},
		"a misspelled key":               {`patches: [{target: {kind: StatefulSet}, merg: {}}]`, "no key patches[0].merg (the nearest key is patches[0].merge)"},
	} {
		t.Run(name, func(t *testing.T) { assert.Contains(t, refusal(t, test.values), test.want) })
	}
}

// A template that is left out of the list could not be patched without a refusal.
func TestEveryTemplateCanBePatched(t *testing.T) {
	dir := filepath.Join(chartDir, "templates")
	text, err := os.ReadFile(filepath.Join(dir, "_patches.tpl"))
	require.NoError(t, err)
	list := regexp.MustCompile(`range list ("budget".*) -}}`).FindStringSubmatch(string(text))
	require.NotNil(t, list)
	listed := regexp.MustCompile(`\w+`).FindAllString(list[1], -1)
	var made []string
	for _, pattern := range []string{"*.yaml", "tests/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, name := range regexp.MustCompile(`define "coder-ha\.manifest\.(\w+)"`).FindAllStringSubmatch(string(text), -1) {
				made = append(made, name[1])
			}
		}
	}
	assert.ElementsMatch(t, made, listed)
}
