package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-ha/coder-ha/tests/e2e/cluster"
	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

const (
	release = "coder"
	// patience bounds every wait for something that takes seconds.
	patience = 2 * time.Minute
)

// world is a namespace for the release and one for its database and its
// clients, both of one test.
type world struct {
	t       *testing.T
	cluster *cluster.Cluster
	client  kubernetes.Interface
	// ns is the release's namespace, which enforces Pod Security
	// "restricted"; side has the database and the load.
	ns, side string
	// nodes are the names of the cluster's nodes; the first has the database
	// and the load.
	nodes []string
	data  string
	// helm is the major version of the helm binary that options choose.
	helm string
}

// newWorld makes the namespaces, a database and a load generator. They are
// gone after the test.
func newWorld(t *testing.T, c *cluster.Cluster) *world {
	t.Helper()
	return newNamedWorld(t, c, nameOf(t))
}

// newNamedWorld is newWorld for a test that has several.
func newNamedWorld(t *testing.T, c *cluster.Cluster, name string) *world {
	t.Helper()
	w := emptyWorld(t, c, name)
	w.nodes = nodeNames(t, c)
	w.startSide()
	w.keepURL(fmt.Sprintf("postgres://coder:e2e-password@postgres.%s.svc.cluster.local:5432/coder?sslmode=disable", w.side))
	return w
}

// keepURL puts the URL of the database into the Secret that the tests' values name.
func (w *world) keepURL(url string) {
	w.t.Helper()
	_, err := w.client.CoreV1().Secrets(w.ns).Create(w.t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "coder-db-url"}, StringData: map[string]string{"url": url},
	}, metav1.CreateOptions{})
	require.NoError(w.t, err)
}

func nodeNames(t *testing.T, c *cluster.Cluster) (names []string) {
	t.Helper()
	nodes, err := c.Client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for i := range nodes.Items {
		names = append(names, nodes.Items[i].Name)
	}
	return names
}

// nameOf makes a DNS label, which a namespace's name is, of the test's name.
func nameOf(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(strings.ToLower(t.Name()), "/", "-")
}

// emptyWorld makes the namespaces alone.
func emptyWorld(t *testing.T, c *cluster.Cluster, name string) *world {
	t.Helper()
	w := &world{t: t, cluster: c, client: c.Client, ns: name, side: name + "-side", helm: "3"}
	w.namespace(w.ns, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	w.namespace(w.side, nil)
	t.Cleanup(w.end)
	return w
}

func (w *world) namespace(name string, labels map[string]string) {
	w.t.Helper()
	_, err := w.client.CoreV1().Namespaces().Create(w.t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	require.NoError(w.t, err)
	w.eventually("the namespace's service account", func(ctx context.Context) (bool, error) {
		_, err := w.client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, err
	})
}

// end removes the namespaces and waits until they are gone, so that no test
// runs beside the remains of another.
func (w *world) end() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.t.Context()), patience)
	defer cancel()
	if w.t.Failed() {
		w.describe(ctx)
	}
	w.remove(ctx, w.ns, w.side)
	if w.data != "" {
		require.NoError(w.t, os.RemoveAll(w.data))
	}
}

// remove removes namespaces and waits until they are gone.
func (w *world) remove(ctx context.Context, namespaces ...string) {
	w.t.Helper()
	none := int64(0)
	for _, ns := range namespaces {
		_ = w.client.CoreV1().Pods(ns).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &none}, metav1.ListOptions{})
		_ = w.client.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{})
	}
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		for _, ns := range namespaces {
			if _, err := w.client.CoreV1().Namespaces().Get(ctx, ns, metav1.GetOptions{}); err == nil {
				return false, nil
			}
		}
		return true, nil
	})
	require.NoError(w.t, err, "namespaces are not gone")
}

// describe prints the pods of a failed test and what they said last.
func (w *world) describe(ctx context.Context) {
	for _, ns := range []string{w.ns, w.side} {
		pods, err := w.client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			w.t.Log(err)
			continue
		}
		for i := range pods.Items {
			pod := &pods.Items[i]
			w.t.Logf("%s/%s on %s: %s, ready %t", ns, pod.Name, pod.Spec.NodeName, pod.Status.Phase, podReady(pod))
			if podReady(pod) {
				continue
			}
			lines := int64(20)
			log, err := w.client.CoreV1().Pods(ns).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx)
			w.t.Log(string(log), err)
		}
	}
}

// startSide starts the database and the load generator of testdata/database.yaml.
func (w *world) startSide() {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "database.yaml"))
	require.NoError(w.t, err)
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var server appsv1.Deployment
	var service corev1.Service
	var loader corev1.Pod
	for _, object := range []any{&server, &service, &loader} {
		require.NoError(w.t, decoder.Decode(object))
	}
	require.ErrorIs(w.t, decoder.Decode(new(any)), io.EOF)
	ctx := w.t.Context()
	volume := corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}
	if w.cluster.Own() {
		w.data = filepath.Join(w.cluster.SharedDir(), w.side)
		require.NoError(w.t, os.MkdirAll(w.data, 0o777))
		require.NoError(w.t, os.Chmod(w.data, 0o777))
		volume = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: w.data}}
	}
	server.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: volume}}
	server.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: w.nodes[0]}
	loader.Spec.NodeSelector = map[string]string{corev1.LabelHostname: w.nodes[0]}
	_, err = w.client.AppsV1().Deployments(w.side).Create(ctx, &server, metav1.CreateOptions{})
	require.NoError(w.t, err)
	_, err = w.client.CoreV1().Services(w.side).Create(ctx, &service, metav1.CreateOptions{})
	require.NoError(w.t, err)
	_, err = w.client.CoreV1().Pods(w.side).Create(ctx, &loader, metav1.CreateOptions{})
	require.NoError(w.t, err)
	w.waitReady(w.side, "app=postgres", 1)
	w.waitReady(w.side, "app=load", 1)
}

// eventually polls until the condition holds; its last error is the failure's.
func (w *world) eventually(what string, condition func(context.Context) (bool, error)) {
	w.t.Helper()
	w.poll(100*time.Millisecond, patience, what, condition)
}

// poll is eventually with an interval and a time limit; it returns how long it
// took.
func (w *world) poll(interval, limit time.Duration, what string, condition func(context.Context) (bool, error)) time.Duration {
	w.t.Helper()
	begin := time.Now()
	var last error
	err := wait.PollUntilContextTimeout(w.t.Context(), interval, limit, true, func(ctx context.Context) (bool, error) {
		var done bool
		done, last = condition(ctx)
		return done && last == nil, nil
	})
	require.NoError(w.t, err, "%s: %v", what, last)
	return time.Since(begin)
}

// waitReady waits until exactly n pods have the labels, all of them ready and
// none on its way out.
func (w *world) waitReady(ns, labels string, n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d ready pods with %s", n, labels), func(ctx context.Context) (bool, error) {
		pods, err := w.client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: labels})
		if err != nil {
			return false, err
		}
		if ready := countReady(pods.Items); ready != n || len(pods.Items) != n {
			return false, fmt.Errorf("%d pods, %d ready", len(pods.Items), ready)
		}
		return true, nil
	})
}

func countReady(pods []corev1.Pod) int {
	ready := 0
	for i := range pods {
		if podReady(&pods[i]) {
			ready++
		}
	}
	return ready
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}

// replicaLabels select the release's replicas.
const replicaLabels = "app.kubernetes.io/name=coder,app.kubernetes.io/instance=" + release

// replicas are the release's pods.
func (w *world) replicas() []corev1.Pod {
	w.t.Helper()
	return w.podsWith(replicaLabels)
}

// podsWith are the pods of the release's namespace that have the labels.
func (w *world) podsWith(labels string) []corev1.Pod {
	w.t.Helper()
	pods, err := w.client.CoreV1().Pods(w.ns).List(w.t.Context(), metav1.ListOptions{LabelSelector: labels})
	require.NoError(w.t, err)
	return pods.Items
}

// options are helm's, with further values as path=value.
func (w *world) options(values ...string) *helm.Options {
	set := map[string]string{}
	repo, tag := images.StandInRepository, images.Versions[0]
	files := []string{filepath.Join("testdata", "values.yaml")}
	if image := os.Getenv("E2E_CODER_IMAGE"); image != "" {
		at := strings.LastIndex(image, ":")
		repo, tag = image[:at], image[at+1:]
		files = append(files, filepath.Join("testdata", "values-real-coder.yaml"))
	}
	set["coder.image.repo"], set["coder.image.tag"], set["coder.image.pullPolicy"] = repo, tag, "Never"
	for _, value := range values {
		path, text, _ := strings.Cut(value, "=")
		set[path] = text
	}
	return &helm.Options{
		KubectlOptions: k8s.NewKubectlOptions("", w.cluster.Kubeconfig, w.ns),
		ValuesFiles:    files,
		SetValues:      set,
		ExtraArgs:      map[string][]string{"install": {"--timeout", "3m"}, "upgrade": {"--timeout", "3m"}},
		EnvVars:        map[string]string{chosenHelm: helmBinary(w.helm)},
		Logger:         logger.Discard,
	}
}

func chart() string { return filepath.Join(root, "charts", "coder") }

// install installs the chart and waits for n ready replicas.
func (w *world) install(n int, values ...string) {
	w.t.Helper()
	helm.Install(w.t, w.options(append(values, fmt.Sprintf("coder.replicaCount=%d", n))...), chart(), release)
	w.waitReady(w.ns, replicaLabels, n)
}

// upgrade upgrades the release and waits until n replicas of the new revision
// are ready and no other is left.
func (w *world) upgrade(n int, values ...string) {
	w.t.Helper()
	helm.Upgrade(w.t, w.options(append(values, fmt.Sprintf("coder.replicaCount=%d", n))...), chart(), release)
	w.waitRolledOut(n)
}

// waitRolledOut waits for the workload's controller to have seen its newest
// form, and for every pod to have it.
func (w *world) waitRolledOut(n int) {
	w.t.Helper()
	w.eventually("the roll-out", func(ctx context.Context) (bool, error) {
		set, err := w.client.AppsV1().StatefulSets(w.ns).Get(ctx, "coder", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		s := set.Status
		if s.ObservedGeneration != set.Generation || s.CurrentRevision != s.UpdateRevision && n > 0 || int(s.ReadyReplicas) != n || int(s.Replicas) != n {
			return false, fmt.Errorf("status %+v", s)
		}
		return true, nil
	})
	w.waitReady(w.ns, replicaLabels, n)
}
