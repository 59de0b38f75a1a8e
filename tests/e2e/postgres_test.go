package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestPostgresGoesAndComesBack takes the database away for a while, and then
// moves it to another node behind the same Service.
func TestPostgresGoesAndComesBack(t *testing.T) {
	w := newWorld(t, shared)
	if !breaks(t, w.cluster) {
		return
	}
	w.install(3)
	w.waitMesh(3)
	l := w.startLoad()
	l.mark()

	w.patchPostgres(`{"spec":{"replicas":0}}`)
	w.waitReady(w.side, "app=postgres", 0)
	// Longer than three heartbeats: every replica's row has gone stale.
	steady := w.watchFor(20*time.Second, func() bool { return countReady(w.replicas()) == 3 })
	assert.True(t, steady, "replicas stay ready while the database is away")
	back := time.Now()
	w.patchPostgres(`{"spec":{"replicas":1}}`)
	w.waitReady(w.side, "app=postgres", 1)
	figures.duration("StatefulSet", "Postgres down for 20 s: from its start to three replicas with fresh rows", w.waitFresh(back))
	figures.request("StatefulSet", "Postgres down for 20 s (requests that need no database)", l.report())

	moved := time.Now()
	w.patchPostgres(fmt.Sprintf(`{"spec":{"template":{"spec":{"nodeSelector":{%q:%q}}}}}`, corev1.LabelHostname, w.nodes[1]))
	w.eventually("Postgres on its new node", func(ctx context.Context) (bool, error) {
		pods, err := w.client.CoreV1().Pods(w.side).List(ctx, metav1.ListOptions{LabelSelector: "app=postgres"})
		return err == nil && len(pods.Items) == 1 && pods.Items[0].Spec.NodeName == w.nodes[1] && podReady(&pods.Items[0]), err
	})
	figures.duration("StatefulSet", "Postgres moved to another node behind its Service: from the order to three replicas with fresh rows", w.waitFresh(moved))

	for _, pod := range w.replicas() {
		assert.Zero(t, pod.Status.ContainerStatuses[0].RestartCount, "%s has not restarted", pod.Name)
	}
	w.waitMesh(3)
}

func (w *world) patchPostgres(patch string) {
	w.t.Helper()
	_, err := w.client.AppsV1().Deployments(w.side).Patch(w.t.Context(), "postgres", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(w.t, err)
}

// waitFresh waits until the database answers and three replicas have written
// to it after a time, and returns how long after.
func (w *world) waitFresh(after time.Time) time.Duration {
	w.t.Helper()
	w.poll(500*time.Millisecond, patience, "fresh rows of all replicas", func(ctx context.Context) (bool, error) {
		rows, err := w.rows(ctx, live)
		if err != nil {
			return false, err
		}
		fresh := 0
		for _, r := range rows {
			if r.Updated.After(after) {
				fresh++
			}
		}
		return fresh == 3, nil
	})
	return time.Since(after)
}
