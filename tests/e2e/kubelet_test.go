package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// How many pods and containers the kubelet makes for this test, and of which seed.
const (
	kubeletPods       = 5
	kubeletContainers = 12
	kubeletSeed       = 1
)

// sight is what a container sees, as "load look" prints it.
type sight struct {
	Env   map[string]string
	Files map[string][]byte
}

// TestTheKubeletMakesWhatThePluginReads generates containers with environments and
// volumes of all kinds, and compares what they see with what the plugin reads in
// their manifests.
func TestTheKubeletMakesWhatThePluginReads(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t, shared, nameOf(t))
	cases := newContainerCases(kubeletSeed)
	var input strings.Builder
	for i := range cases.configMaps {
		_, err := w.client.CoreV1().ConfigMaps(w.ns).Create(t.Context(), &cases.configMaps[i], metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = w.client.CoreV1().Secrets(w.ns).Create(t.Context(), &cases.secrets[i], metav1.CreateOptions{})
		require.NoError(t, err)
		input.WriteString(document(t, cases.configMaps[i]) + document(t, cases.secrets[i]))
	}
	var all []*containerCase
	var manifests []string
	var owners []*appsv1.StatefulSet
	for i := range kubeletPods {
		spec, containers := cases.pod(kubeletContainers)
		owner := generatedSet(fmt.Sprint("pod-", i), spec)
		_, err := w.client.AppsV1().StatefulSets(w.ns).Create(t.Context(), owner.DeepCopy(), metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		require.NoError(t, err)
		owners = append(owners, owner)
		for _, c := range containers {
			all = append(all, c)
			manifests = append(manifests, input.String()+document(t, onlyContainer(owner, c.container)))
		}
	}
	models := w.readModels(manifests...)
	w.waitReady(w.ns, "app=generated", len(owners))
	compared, notKnown := 0, 0
	for i, c := range all {
		pod := owners[i/kubeletContainers].Name + "-0"
		t.Run(pod+"/"+c.container.Name, func(t *testing.T) {
			var read model
			require.NoError(t, json.Unmarshal(models[i], &read))
			got := w.sightOf(pod, c.container.Name)
			n, u := compareSight(t, w.podFields(pod), c, read, got)
			compared, notKnown = compared+n, notKnown+u
			if t.Failed() {
				text, err := json.MarshalIndent(map[string]any{"env": c.container.Env, "envFrom": c.container.EnvFrom, "mounts": c.container.VolumeMounts}, "", "  ")
				require.NoError(t, err)
				t.Logf("%s", text)
			}
		})
	}
	t.Logf("seed %d: %d containers, %d variables and files compared, %d not known to the plugin", kubeletSeed, len(all), compared, notKnown)
	assert.Less(t, 4*notKnown, compared, "most must be known")
}

// document is an object as one document of a manifest.
func document(t *testing.T, object any) string {
	t.Helper()
	text, err := json.Marshal(object)
	require.NoError(t, err)
	return string(text) + "\n---\n"
}

func generatedSet(name string, spec corev1.PodSpec) *appsv1.StatefulSet {
	labels := map[string]string{"app": "generated", "set": name}
	return &appsv1.StatefulSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "StatefulSet"}, ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: map[string]string{"example.com/note": "a note $(ALPHA)"}}, Spec: spec,
			},
		},
	}
}

// onlyContainer is the object as the plugin is to read it for one container: as if
// that ran coderd.
func onlyContainer(owner *appsv1.StatefulSet, container corev1.Container) *appsv1.StatefulSet {
	only := owner.DeepCopy()
	container.Command, container.Args = []string{"/opt/coder"}, []string{"server"}
	only.Spec.Template.Spec.Containers = []corev1.Container{container}
	return only
}

// sightOf is what a container said of itself.
func (w *world) sightOf(pod, container string) sight {
	w.t.Helper()
	var got sight
	w.eventually("the log of "+pod+" "+container, func(ctx context.Context) (bool, error) {
		log, err := w.client.CoreV1().Pods(w.ns).GetLogs(pod, &corev1.PodLogOptions{Container: container}).DoRaw(ctx)
		if err != nil {
			return false, fmt.Errorf("reading the log: %w", err)
		}
		if !strings.HasSuffix(string(log), "\n") {
			return false, errors.New("it has not said all")
		}
		return true, json.Unmarshal(log, &got)
	})
	return got
}

// podFields are the fields that only the cluster knows, by their paths.
func (w *world) podFields(name string) map[string]string {
	w.t.Helper()
	pod, err := w.client.CoreV1().Pods(w.ns).Get(w.t.Context(), name, metav1.GetOptions{})
	require.NoError(w.t, err)
	fields := map[string]string{
		"metadata.uid": string(pod.UID), "spec.nodeName": pod.Spec.NodeName, "status.podIP": pod.Status.PodIP, "status.hostIP": pod.Status.HostIP,
		"metadata.labels['controller-revision-hash']": pod.Labels["controller-revision-hash"],
	}
	var ips, hostIPs []string
	for _, ip := range pod.Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	for _, ip := range pod.Status.HostIPs {
		hostIPs = append(hostIPs, ip.IP)
	}
	fields["status.podIPs"], fields["status.hostIPs"] = strings.Join(ips, ","), strings.Join(hostIPs, ",")
	return fields
}

// symbol is a field in a text of the model (plugin/internal/deployment/text.go).
var symbol = regexp.MustCompile("\uE000([^\uE001]*)\uE001[^\uE002]*\uE002")

// ofTheRuntime are variables that stand in no manifest.
var ofTheRuntime = regexp.MustCompile(`^(PATH|HOME|HOSTNAME|KUBERNETES_.*)$`)

// compareSight compares a container with its model, in both directions. It returns
// how many things were compared, and how many the plugin does not know.
func compareSight(t *testing.T, fields map[string]string, c *containerCase, read model, got sight) (compared, notKnown int) {
	t.Helper()
	require.Len(t, read.Replicas, 1)
	replica := read.Replicas[0]
	for name, value := range replica.Variables {
		compared++
		actual, set := got.Env[name]
		switch value.State {
		case known:
			text := symbol.ReplaceAllStringFunc(value.Text, func(s string) string { return fields[symbol.FindStringSubmatch(s)[1]] })
			assert.True(t, set, "%s: the plugin reads %q, and the container has no such variable", name, text)
			assert.Equal(t, actual, text, "%s: what the container has, and what the plugin reads", name)
		case unknown:
			notKnown++
			assert.True(t, c.open, "%s: the plugin does not know the value (%s), which is in the manifests: %q", name, value.Why, actual)
		default:
			assert.False(t, set, "%s: the plugin takes it for unset, and it is %q", name, actual)
		}
	}
	for name, actual := range got.Env {
		if _, has := replica.Variables[name]; !has && !ofTheRuntime.MatchString(name) {
			assert.Fail(t, "a variable that the plugin does not see", "%s=%q", name, actual)
		}
	}
	require.Len(t, replica.Certificates, len(c.files))
	for _, file := range replica.Certificates {
		compared++
		actual, there := got.Files[file.Path]
		switch {
		case file.Absent:
			assert.False(t, there, "%s: the plugin says that it is absent, and it is there", file.Path)
		case file.InInput:
			assert.True(t, there, "%s: the plugin reads it, and it is not there", file.Path)
			assert.Equal(t, string(actual), string(file.PEM), "%s: what the container has, and what the plugin reads", file.Path)
		default:
			notKnown++
		}
	}
	return compared, notKnown
}
