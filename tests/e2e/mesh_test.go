package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-ha/coder-ha/tests/e2e/images"
)

// within holds that a measured round trip, in milliseconds, is that of a delay, up to
// a fifth of it.
func within(t *testing.T, delay time.Duration, measured float64, what string) {
	t.Helper()
	want := float64(delay) / float64(time.Millisecond)
	assert.InDelta(t, want, measured, want/5, what)
}

// TestADelayBetweenNodesIsMeasured delays the link of one node, which is in another
// zone than the others.
func TestADelayBetweenNodesIsMeasured(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	const oneWay = 30 * time.Millisecond
	w.inZones("near", "near", "far")
	end, err := w.cluster.DelayNode(3, oneWay)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "report.txt")
	r := w.rehearse(w.cluster.Kubeconfig, "--output", "text="+file)
	require.NoError(t, end())
	w.nothingLeft()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	screen := string(text)

	far := ""
	for _, p := range r.Positions {
		if p.Node == w.cluster.NodeName(3) {
			far = p.Name
		}
	}
	require.NotEmpty(t, far, "the replicas are spread over the nodes")
	crossing := 0
	for _, l := range r.Mesh {
		require.NotNil(t, l.Relay.LatencyMs, "%s to %s: %s", l.From, l.To, l.Relay.Error)
		if l.From == far || l.To == far {
			crossing++
			within(t, 2*oneWay, l.Relay.LatencyMs.Median, l.From+" to "+l.To)
		} else {
			assert.Less(t, l.Relay.LatencyMs.Median, 10.0, "%s to %s", l.From, l.To)
		}
	}
	assert.Equal(t, 4, crossing)
	for _, p := range r.Positions {
		require.NotNil(t, p.Postgres.LatencyMs, p.Name)
		if p.Name == far {
			within(t, 2*oneWay, p.Postgres.LatencyMs.Median, "the database from "+far)
		} else {
			assert.Less(t, p.Postgres.LatencyMs.Median, 10.0, "the database from %s", p.Name)
		}
	}
	tells(t, "The link of one node takes 30 ms more each way", r.text)
	_, said := r.check("relay-latency")
	assert.Contains(t, said, far)
	tells(t, "The same link, which is that to the database for one replica", r.text)
	_, said = r.check("postgres-latency-uneven")
	assert.Contains(t, said, far)
	assert.Regexp(t, `the slowest: (\S+ to `+far+`|`+far+` to \S+), `, screen, "the screen names the worst pair")
	assert.Contains(t, screen, w.cluster.NodeName(3)+" (far)")
	assert.Contains(t, screen, "far: "+far)
}

// inZones puts the nodes into zones, as long as the test runs.
func (w *world) inZones(zones ...string) {
	w.t.Helper()
	label := func(ctx context.Context, node, zone string) error {
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%s}}}`, corev1.LabelTopologyZone, zone)
		_, err := w.client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	}
	w.t.Cleanup(func() {
		for _, node := range w.nodes {
			assert.NoError(w.t, label(context.WithoutCancel(w.t.Context()), node, "null"))
		}
	})
	for i, zone := range zones {
		require.NoError(w.t, label(w.t.Context(), w.cluster.NodeName(i+1), fmt.Sprintf("%q", zone)))
	}
}

// TestTwoRunsAtOnceDoNotDisturbEachOther asks for the same release twice.
func TestTwoRunsAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	var runs [2]string
	var both sync.WaitGroup
	for i := range runs {
		both.Go(func() { runs[i], _ = w.plugin(w.cluster.Kubeconfig, w.rehearsal()...) })
	}
	both.Wait()
	addresses := map[string]int{}
	for i, output := range runs {
		r := w.rehearsed(output)
		require.Len(t, r.Positions, 3)
		require.Len(t, r.Mesh, 6)
		for _, p := range r.Positions {
			addresses[p.IP] = i
		}
		for _, id := range []string{"relay-unreachable", "relay-latency", "cluster-port-unreachable", "postgres-unreachable"} {
			status, said := r.check(id)
			assert.Equal(t, "passed", status, "run %d: %s: %s", i, id, said)
		}
		assert.NotContains(t, output, "of others", "no pod of the other run was asked")
	}
	assert.Len(t, addresses, 6, "each run has pods of its own")
	w.nothingLeft()
}

// between puts a container into each pod that passes requests on to a URL, and lets
// the relay URLs lead there.
func between(target string) []string {
	container := fmt.Sprintf(`coder.extraContainers=[{"name":"between","image":%q,"imagePullPolicy":"Never","args":["forward","9000",%q],`+
		`"securityContext":{"runAsNonRoot":true,"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}}]`, images.Load, target)
	return append([]string{"--set-json", container}, relayURL("http://$(KUBE_POD_IP):9000")...)
}

// TestWhatStandsBetweenReplicasIsNoticed has relay URLs that lead to a balancer, and
// to a proxy that does not change to DERP.
func TestWhatStandsBetweenReplicasIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "any"},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true,
			Selector: map[string]string{"app.kubernetes.io/name": "coder"},
		},
	}
	_, err := w.client.CoreV1().Services(w.ns).Create(t.Context(), service, metav1.CreateOptions{})
	require.NoError(t, err)
	tells(t, "The relay URLs lead to a load balancer before the pods", w.rehearse(w.cluster.Kubeconfig, between("http://any:8080")...).text)
	tells(t, "The relay URLs lead to a proxy that passes on no change of protocol", w.rehearse(w.cluster.Kubeconfig, between("http://127.0.0.1:8080")...).text)
	w.nothingLeft()
}

// TestManyReplicasAreMeasuredAtOnce asks from the places of few and of many replicas.
// E2E_REPLICAS is a further number of them.
func TestManyReplicasAreMeasuredAtOnce(t *testing.T) {
	w := newWorld(t, shared)
	for replicas := range strings.FieldsSeq("3 30 " + os.Getenv("E2E_REPLICAS")) {
		n, err := strconv.Atoi(replicas)
		require.NoError(t, err)
		evidence := filepath.Join(t.TempDir(), "facts.json")
		cmd := w.pluginCommand(w.cluster.Kubeconfig, w.rehearsal("--set", "coder.replicaCount="+replicas, "--facts-out", evidence)...)
		var output bytes.Buffer
		cmd.Stdout = &output
		begin := time.Now()
		_ = cmd.Run()
		took := time.Since(begin)
		w.nothingLeft()
		r := w.rehearsed(output.String())
		require.Len(t, r.Mesh, n*(n-1))
		for _, l := range r.Mesh {
			assert.True(t, l.Relay.OK && l.Cluster.OK && l.Relay.LatencyMs != nil, "%s to %s: %s%s", l.From, l.To, l.Relay.Error, l.Cluster.Error)
		}
		var found struct {
			Facts struct {
				Trial struct {
					StartedNs, ElapsedNs time.Duration
					Stages               []struct {
						Name   string
						TookNs time.Duration
					}
				}
			}
		}
		text, err := os.ReadFile(evidence)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &found))
		trial := found.Facts.Trial
		require.Positive(t, trial.ElapsedNs)
		figures.duration("--in-cluster", replicas+" replicas: the pods ran after", trial.StartedNs)
		for _, stage := range trial.Stages {
			figures.duration("--in-cluster", replicas+" replicas: "+stage.Name, stage.TookNs)
		}
		figures.duration("--in-cluster", replicas+" replicas: they had asked after", trial.ElapsedNs)
		figures.duration("--in-cluster", replicas+" replicas: the whole command, until its pods are gone", took)
	}
}
