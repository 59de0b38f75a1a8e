package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

func decode(t *testing.T, text string) []Object {
	t.Helper()
	objects, err := Decode(strings.NewReader(text), "in.yaml")
	require.NoError(t, err)
	return objects
}

func TestDecodeReadsEveryForm(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"comments and empty documents", "# x\n---\n---\n# y\n", nil},
		{"several documents", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b, namespace: n}", []string{"Secret a", "Secret n/b"}},
		{"a list", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}", []string{"Secret a", "Secret b"}},
		{"JSON", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}`, []string{"Secret a"}},
		{"three dashes inside of a text", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    ---\n    kind: Secret\n", []string{"ConfigMap a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, o := range decode(t, c.text) {
				got = append(got, o.String())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestAnAnchorHoldsAcrossTheItemsOfAList(t *testing.T) {
	objects := decode(t, `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a, labels: &labels {app: coder, team: a}}
  spec: &spec
    nodeName: one
    containers: [{name: coder}]
- apiVersion: v1
  kind: Pod
  metadata: {name: b, labels: {<<: *labels, team: b}}
  spec: *spec
- apiVersion: v1
  kind: Pod
  metadata: {name: c}
  spec:
    <<: [{nodeName: two}, *spec]
`)
	var pods []corev1.Pod
	for _, o := range objects {
		var pod corev1.Pod
		require.NoError(t, o.Into(&pod))
		pods = append(pods, pod)
	}
	assert.Equal(t, map[string]string{"app": "coder", "team": "b"}, pods[1].Labels)
	assert.Equal(t, pods[0].Spec, pods[1].Spec)
	assert.Equal(t, "two", pods[2].Spec.NodeName)
	assert.Equal(t, "coder", pods[2].Spec.Containers[0].Name)
	assert.Equal(t, 9, objects[1].Line("spec", "containers", 0, "name"), "the line is the one where it is written")
	assert.Equal(t, 9, objects[2].Line("spec", "containers", 0, "name"))
	assert.Equal(t, "coder", objects[1].Node("metadata", "labels", "app").Value)
}

func TestAnItemMayBeAnAlias(t *testing.T) {
	objects := decode(t, "apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- *a\n")
	assert.Len(t, objects, 2)
	assert.Equal(t, "a", objects[1].Name)
}

func TestDecodeSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not YAML", "a: b\n c: [", "in.yaml: line 2"},
		{"a template that was not rendered", "apiVersion: v1\nkind: {{ .Values.kind }}\n", "in.yaml:"},
		{"no object", "---\n- 1\n", "in.yaml:2: not a Kubernetes object: expected a mapping"},
		{"a values file", "# values\ncoder:\n  replicaCount: 3\n", "in.yaml:2: not a Kubernetes object: apiVersion or kind is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode(strings.NewReader(c.text), "in.yaml")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestIntoSaysWhichFieldIsOfTheWrongType(t *testing.T) {
	o := decode(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: x\n    env:\n    - name: ok\n      value: 'true'\n    - name: bad\n      value: true\n")[0]
	var pod corev1.Pod
	err := o.Into(&pod)
	assert.ErrorContains(t, err, "in.yaml:11: Pod a: spec.containers.env.value must be a string, not a bool")
}

func TestALaterKeyReplacesAnEarlierOne(t *testing.T) {
	o := decode(t, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {x: first, x: last}\n")[0]
	var pod corev1.Pod
	require.NoError(t, o.Into(&pod))
	assert.Equal(t, "last", pod.Annotations["x"])
	assert.Equal(t, "last", o.Node("metadata", "annotations", "x").Value)
}

func TestASourceCommentNamesTheTemplate(t *testing.T) {
	objects := decode(t, "---\n# Source: coder/templates/a.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\n# Source: coder/templates/b.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n")
	assert.Equal(t, "coder/templates/a.yaml", objects[0].Template)
	assert.Equal(t, "coder/templates/b.yaml", objects[1].Template)
	assert.Equal(t, "in.yaml", objects[1].File, "the lines are those of the file that was read")
	assert.Equal(t, 10, objects[1].Line("metadata", "name"))
}

func TestAFieldOfTheWrongTypeIsNamedAsInTheManifest(t *testing.T) {
	o := decode(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: []\n  volumes:\n  - name: v\n    configMap:\n      name: y\n")[0]
	var pod corev1.Pod
	require.EqualError(t, o.Into(&pod), "in.yaml:9: Pod a: spec.volumes.configMap.name must be a string, not a bool: put it in quotes")
	o = decode(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  priority: '3'\n  containers: []\n")[0]
	require.EqualError(t, o.Into(&pod), "in.yaml:5: Pod a: spec.priority must be a number, not a string: write it without quotes")
}

func TestLineIsThatOfTheFieldOrTheNearestAbove(t *testing.T) {
	o := decode(t, "# head\napiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n")[0]
	assert.Equal(t, 5, o.Line("metadata", "name"))
	assert.Equal(t, 5, o.Line("metadata", "labels"), "the mapping begins with its first key")
	assert.Equal(t, 2, o.Line("data"))
	o.Rendered = true
	assert.Equal(t, 0, o.Line("metadata", "name"))
}

func FuzzDecode(f *testing.F) {
	f.Add("apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, spec: {containers: 1}}]")
	f.Fuzz(func(_ *testing.T, text string) {
		objects, err := Decode(strings.NewReader(text), "in.yaml")
		if err != nil {
			return
		}
		for _, o := range objects {
			var pod corev1.Pod
			_ = o.Into(&pod)
			o.Line("metadata", "name")
		}
	})
}
