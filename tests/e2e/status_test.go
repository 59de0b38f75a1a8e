package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seen is what the plugin says of what runs.
type seen struct {
	Verdict  string
	Postgres *struct {
		Reachable bool
		Position  string
	}
	Running struct {
		Release struct {
			Name, Chart, Status string
			Revision            int
		}
		Desired, Ready, Draining int
		Settled                  bool
		Pods                     []struct {
			Name, State, Reason, Node, Version, Health string
			HealthCodes                                []string
			Row                                        *struct{ State, Error string }
		}
		Rows *struct {
			Live, Stale int
			Foreign     []struct{ Hostname string }
		}
		Schema   *struct{ Migration, Image int }
		Services []struct {
			Name            string
			Ready, NotReady []string
		}
		Budgets []struct{ Allowed, Healthy int }
	}
	Checks []struct {
		ID, Status, SkipReason string
		Findings               []struct{ Severity, Message string }
	}
	text string
}

// found are the messages of the checks that failed, by their ids.
func (s seen) found() map[string]string {
	out := map[string]string{}
	for _, check := range s.Checks {
		for _, finding := range check.Findings {
			out[check.ID] += finding.Message + "\n"
		}
	}
	return out
}

// skipped is why a check was skipped; empty where it was not.
func (s seen) skipped(id string) string {
	for _, check := range s.Checks {
		if check.ID == id && check.Status == "skipped" {
			return check.SkipReason
		}
	}
	return ""
}

// pod is the state of a pod.
func (s seen) pod(name string) string {
	for _, pod := range s.Running.Pods {
		if pod.Name == name {
			return pod.State
		}
	}
	return "not there"
}

// tunnel forwards a port to the database, and writes the URL that leads through it.
func (w *world) tunnel() (urlFile string) {
	w.t.Helper()
	options := k8s.NewKubectlOptions("", w.cluster.Kubeconfig, w.side)
	options.Logger = logger.Discard
	tunnel := k8s.NewTunnelWithLogger(options, k8s.ResourceTypeService, "postgres", 0, 5432, logger.Discard)
	require.NoError(w.t, tunnel.ForwardPortE(w.t))
	w.t.Cleanup(tunnel.Close)
	path := filepath.Join(w.t.TempDir(), "url")
	require.NoError(w.t, os.WriteFile(path, []byte("postgres://coder:e2e-password@"+tunnel.Endpoint()+"/coder?sslmode=disable"), 0o600))
	return path
}

func (w *world) status(urlFile string, args ...string) (seen, int) {
	w.t.Helper()
	all := append([]string{"status", release, "--namespace", w.ns, "--output", "json"}, args...)
	if urlFile != "" {
		all = append(all, "--postgres-url-file", urlFile)
	}
	output, code := w.plugin(w.cluster.Kubeconfig, all...)
	out := seen{text: output}
	begin := strings.Index(output, "{")
	require.GreaterOrEqual(w.t, begin, 0, output)
	require.NoError(w.t, json.NewDecoder(strings.NewReader(output[begin:])).Decode(&out), output)
	return out, code
}

// ofWhatRuns are the checks whose findings are about what happens now.
var ofWhatRuns = []string{"replicas-not-ready", "replica-stuck", "replicas-missing", "replicas-version-skew", "relay-unreachable", "health"}

// quiet says that none of them has a finding.
func (s seen) quiet(t *testing.T) {
	t.Helper()
	for _, id := range ofWhatRuns {
		if id == "health" && realCoder() {
			// It has no provisioners, and without a license its relays are no mesh.
			continue
		}
		assert.NotContains(t, s.found(), id, s.text)
	}
}

// codeOfWell is the exit code where all is well but the license, which a real coderd has
// none of here.
func codeOfWell() int {
	if realCoder() {
		return 1
	}
	return 0
}

// TestStatus looks at a release that is well, that drains, whose replica was killed,
// that is between two versions, and that has lost a node.
func TestStatus(t *testing.T) {
	w := newWorld(t, shared)
	w.install(3)
	w.waitMesh(3)
	t.Setenv("CODER_SESSION_TOKEN", w.ownerToken())
	url := w.tunnel()

	well, code := w.status(url, "--wait", "--timeout", "3m")
	assert.Equal(t, codeOfWell(), code, well.text)
	well.quiet(t)
	run := well.Running
	assert.Equal(t, [3]any{release, "deployed", 1}, [3]any{run.Release.Name, run.Release.Status, run.Release.Revision})
	assert.True(t, run.Settled)
	assert.Equal(t, [2]int{3, 3}, [2]int{run.Ready, len(run.Pods)})
	assert.Equal(t, 3, run.Rows.Live)
	assert.Equal(t, run.Schema.Image, run.Schema.Migration)
	for _, pod := range run.Pods {
		assert.Equal(t, "live", pod.Row.State, pod.Name)
		assert.Empty(t, pod.Row.Error, pod.Name)
		assert.NotEmpty(t, pod.Version, pod.Name)
		if realCoder() {
			assert.Equal(t, "error", pod.Health, pod.Name)
			assert.Contains(t, pod.HealthCodes, "EPD01", pod.Name)
		} else {
			assert.Equal(t, "ok", pod.Health, pod.Name)
		}
	}
	for _, service := range run.Services {
		assert.Len(t, service.Ready, 3, service.Name)
	}
	if realCoder() {
		assert.Contains(t, well.found()["health"], "provisioner_daemons, EPD01: ")
		t.Log(well.found()["health"])
		// What it says of its health stays so: it is not waited for again.
		t.Setenv("CODER_SESSION_TOKEN", "")
		assert.Contains(t, well.found()["license-no-ha"], "3 replicas without the entitlement", "the real coderd has no license here")
	}

	// The database from a pod, with the URL that only the cluster knows.
	inside, code := w.status("", "--in-cluster")
	assert.Equal(t, codeOfWell(), code, inside.text)
	assert.Equal(t, "coder-0", inside.Postgres.Position)
	assert.True(t, inside.Postgres.Reachable, inside.text)
	assert.Equal(t, 3, inside.Running.Rows.Live)
	assert.Empty(t, inside.Running.Rows.Foreign)
	inside.quiet(t)
	w.nothingLeft()

	// It drains.
	require.NoError(t, w.client.CoreV1().Pods(w.ns).Delete(t.Context(), "coder-1", metav1.DeleteOptions{}))
	draining, code := w.status(url)
	assert.Equal(t, codeOfWell(), code, draining.text)
	assert.Equal(t, "draining", draining.pod("coder-1"))
	draining.quiet(t)
	began := time.Now()
	again, code := w.status("", "--wait", "--in-cluster", "--timeout", "2m")
	assert.Equal(t, codeOfWell(), code, again.text)
	assert.Equal(t, 3, again.Running.Ready)
	assert.Equal(t, "coder-0", again.Postgres.Position)
	w.nothingLeft()
	assert.Greater(t, time.Since(began), 3*time.Second, "it did not end before the drain")

	w.statusOfKilled(url)
	w.statusOfLostNode(url)
}

// statusOfKilled kills a replica, which cannot say so.
func (w *world) statusOfKilled(url string) {
	if !breaks(w.t, w.cluster) {
		return
	}
	victim := w.replicaOn(w.nodes[2])
	require.NoError(w.t, w.cluster.KillContainer(victim.Status.ContainerStatuses[0].ContainerID))
	w.eventually("a row without an end", func(context.Context) (bool, error) {
		killed, _ := w.status(url)
		message := killed.found()["replicas-stale"]
		if !strings.Contains(message, victim.Name+" ended without saying so, once") {
			return false, fmt.Errorf("found %v", killed.found())
		}
		return true, nil
	})
	again, code := w.status(url, "--wait", "--timeout", "1m")
	assert.Equal(w.t, codeOfWell(), code, again.text)
	again.quiet(w.t)
}

// statusOfLostNode cuts the last node off.
func (w *world) statusOfLostNode(url string) {
	if !breaks(w.t, w.cluster) {
		return
	}
	victim := w.replicaOn(w.nodes[2])
	require.NoError(w.t, w.cluster.CutNode(3))
	defer w.heal(3)
	w.eventually("the lost node", func(context.Context) (bool, error) {
		lost, _ := w.status(url, "--timeout", "15s")
		message := lost.found()["replica-stuck"]
		if !strings.Contains(message, victim.Name+" is stuck on node "+w.nodes[2]) {
			return false, fmt.Errorf("found %v", lost.found())
		}
		return true, nil
	})
	lost, code := w.status(url, "--fail-on", "warning", "--timeout", "15s")
	assert.Equal(w.t, 1, code, lost.text)
	assert.Equal(w.t, 2, lost.Running.Ready)
}
