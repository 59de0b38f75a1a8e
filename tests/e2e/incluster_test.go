package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// runLabel is on all that --in-cluster makes.
const runLabel = "coder-ha.io/run"

// rehearsed is what the report has of the places of the replicas.
type rehearsed struct {
	Checks []struct {
		ID, Status, SkipReason string
		Findings               []struct{ Message string }
	}
	Positions []struct {
		Name, Node, IP string
		Postgres       *struct {
			Reachable bool
			LatencyMs *median
		}
	}
	Mesh []struct {
		From, To string
		Relay    *answered
		Cluster  *answered
	}
	// text is all that the plugin wrote.
	text string
}

// answered is how one way answered.
type answered struct {
	OK        bool
	Error     string
	LatencyMs *median
}

// median is that of round trips, in milliseconds.
type median struct{ Median float64 }

// check is the status of a check, and what is said of it.
func (r rehearsed) check(id string) (status, said string) {
	for _, c := range r.Checks {
		if c.ID == id {
			said = c.SkipReason
			for _, f := range c.Findings {
				said += f.Message + "\n"
			}
			return c.Status, said
		}
	}
	return "", ""
}

// rehearsal is the plugin's command line in the cluster, for three replicas of the
// version whose pubsub needs port 6222.
func (w *world) rehearsal(args ...string) []string {
	return append([]string{
		"validate", release, chart(), "--namespace", w.ns, "--values", filepath.Join("testdata", "values.yaml"), "--coder-version", "2.38",
		"--set", "coder.replicaCount=3", "--set", "coder.image.repo=" + images.StandInRepository, "--set", "coder.image.tag=" + images.Versions[0],
		"--set", "coder.image.pullPolicy=Never", "--in-cluster", "--output", "json",
	}, args...)
}

func (w *world) rehearse(kubeconfig string, args ...string) rehearsed {
	w.t.Helper()
	output, code := w.plugin(kubeconfig, w.rehearsal(args...)...)
	require.LessOrEqual(w.t, code, 1, output)
	return w.rehearsed(output)
}

func (w *world) rehearsed(output string) rehearsed {
	w.t.Helper()
	begin := strings.Index(output, "{")
	require.GreaterOrEqual(w.t, begin, 0, output)
	r := rehearsed{text: output}
	require.NoError(w.t, json.NewDecoder(strings.NewReader(output[begin:])).Decode(&r), output)
	return r
}

// TestTheDatabaseThatOnlyTheClusterReaches is asked from the places of the replicas.
func TestTheDatabaseThatOnlyTheClusterReaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	r := w.rehearse(w.cluster.Kubeconfig)
	w.nothingLeft()
	require.Len(t, r.Positions, 3)
	nodes := map[string]bool{}
	for _, p := range r.Positions {
		nodes[p.Node] = true
		require.NotNil(t, p.Postgres, p.Name)
		assert.True(t, p.Postgres.Reachable, p.Name)
	}
	assert.Len(t, nodes, 3, "they are spread as the replicas will be")
	require.Len(t, r.Mesh, 6)
	for _, l := range r.Mesh {
		assert.True(t, l.Relay.OK && l.Cluster.OK, "%s to %s", l.From, l.To)
	}
	for _, id := range []string{"postgres-unreachable", "postgres-pooler", "relay-unreachable", "relay-latency", "cluster-port-unreachable", "postgres-clock-skew"} {
		status, said := r.check(id)
		assert.Equal(t, "passed", status, "%s: %s", id, said)
	}
	status, said := r.check("access-url-hairpin")
	assert.Equal(t, "skipped", status, "nothing runs yet that could answer")
	assert.Contains(t, said, "no replica runs yet")
}

// TestPodsInThePlacesOfReplicasGetNobodysRequests has pods beside a release.
func TestPodsInThePlacesOfReplicasGetNobodysRequests(t *testing.T) {
	w := newWorld(t, shared)
	w.install(3)
	requests := w.startLoad()
	defer requests.stop()
	cmd := w.pluginCommand(w.cluster.Kubeconfig, w.rehearsal("--set", "coder.env[1].name=CODER_ACCESS_URL", "--set", "coder.env[1].value=http://coder."+w.ns+".svc.cluster.local")...)
	var output bytes.Buffer
	cmd.Stdout = &output
	require.NoError(t, cmd.Start())
	var pods []corev1.Pod
	w.eventually("pods in the places of the replicas", func(context.Context) (bool, error) {
		pods = w.podsWith(runLabel)
		return len(pods) == 3, nil
	})
	for i := range pods {
		require.Len(t, pods[i].OwnerReferences, 1)
		assert.Equal(t, "Job", pods[i].OwnerReferences[0].Kind, "no controller of the release adopts them")
		assert.False(t, podReady(&pods[i]))
		for key, value := range w.replicas()[0].Labels {
			if !strings.HasPrefix(key, "apps.kubernetes.io/") && !strings.HasPrefix(key, "statefulset.kubernetes.io/") && key != "controller-revision-hash" {
				assert.Equal(t, value, pods[i].Labels[key], key)
			}
		}
	}
	_ = cmd.Wait()
	r := w.rehearsed(output.String())
	report := requests.afterRequests(200)
	assert.Zero(t, report.Errors, "no request of the load reached a pod that is no replica")
	status, said := r.check("access-url-hairpin")
	assert.Equal(t, "passed", status, said)
	w.nothingLeft()
}

// TestThePodsGoWithThePlugin ends the plugin in two ways while its pods run.
func TestThePodsGoWithThePlugin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	start := func() (*exec.Cmd, []batchv1.Job) {
		cmd := w.pluginCommand(w.cluster.Kubeconfig, w.rehearsal("--set", "coder.nodeSelector.nowhere=here", "--timeout", "20s")...)
		require.NoError(t, cmd.Start())
		var jobs []batchv1.Job
		w.eventually("the Job", func(ctx context.Context) (bool, error) {
			found, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{LabelSelector: runLabel})
			jobs = found.Items
			return len(jobs) == 1, err
		})
		return cmd, jobs
	}
	cmd, _ := start()
	begin := time.Now()
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.Error(t, cmd.Wait())
	assert.Equal(t, 130, cmd.ProcessState.ExitCode())
	assert.Less(t, time.Since(begin), 2*time.Second)
	w.eventually("nothing is left", func(ctx context.Context) (bool, error) {
		found, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{LabelSelector: runLabel})
		return len(found.Items) == 0 && len(w.podsWith(runLabel)) == 0, err
	})

	cmd, jobs := start()
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL))
	require.Error(t, cmd.Wait())
	assert.LessOrEqual(t, *jobs[0].Spec.ActiveDeadlineSeconds, int64(50))
	w.eventually("the cluster removes what is left", func(ctx context.Context) (bool, error) {
		found, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{LabelSelector: runLabel})
		return len(found.Items) == 0 && len(w.podsWith(runLabel)) == 0, err
	})
}
