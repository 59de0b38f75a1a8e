package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// running is the plugin while it runs.
type running struct {
	cmd    *exec.Cmd
	output bytes.Buffer
}

func (w *world) startRehearsal(kubeconfig string, args ...string) *running {
	w.t.Helper()
	r := &running{cmd: w.pluginCommand(kubeconfig, w.rehearsal(args...)...)}
	r.cmd.Stdout, r.cmd.Stderr = &r.output, &r.output
	require.NoError(w.t, r.cmd.Start())
	return r
}

// end waits for it, and returns what it wrote and how long that took.
func (r *running) end() (string, time.Duration) {
	begin := time.Now()
	_ = r.cmd.Wait()
	return r.output.String(), time.Since(begin)
}

// underWay waits until a run over a line has made the Job whose pods have a label, or
// until all its agents ask the database.
func (w *world) underWay(l *line, trial string, asking bool) {
	w.t.Helper()
	w.eventually("the run", func(ctx context.Context) (bool, error) {
		jobs, err := w.client.BatchV1().Jobs(w.ns).List(ctx, metav1.ListOptions{LabelSelector: runLabel})
		made := err == nil && slices.ContainsFunc(jobs.Items, func(job batchv1.Job) bool { return job.Spec.Template.Labels["trial"] == trial })
		// Each agent has a connection, and the other questions are answered at once.
		return made && (!asking || l.connections() >= 4 && l.quiet() > 3*time.Second), err
	})
}

// whenGone waits until the cluster has removed what a run left.
func (w *world) whenGone() {
	w.t.Helper()
	w.eventually("the end of what is left", func(ctx context.Context) (bool, error) {
		left, err := w.left(ctx)
		if err == nil && len(left) > 0 {
			err = fmt.Errorf("left: %s", strings.Join(left, ", "))
		}
		return err == nil, err
	})
}

// Runs that wait: for a node, and for a database that does not answer.
var (
	nowhere = []string{"--set", "coder.nodeSelector.nowhere=here", "--timeout", "40s"}
	slow    = []string{"--set", "coder.podLabels.database=closed", "--connect-timeout", "40s", "--timeout", "1m"}
)

// TestALostAPIServerEndsTheRun loses the way to the API server while pods are waited
// for, and while the agents ask. The run ends before its time is over, and the cluster
// removes the pods.
func TestALostAPIServerEndsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared)
	w.kubectl(noDatabase, "apply", "-f", "-")
	t.Run("side by side", func(t *testing.T) {
		for i, c := range []struct {
			fault  string
			args   []string
			silent bool
		}{
			{"The API server refuses connections while the pods start", nowhere, false},
			{"The API server refuses connections while the agents ask", slow, false},
			{"The API server is silent while the pods start", nowhere, true},
			{"The API server is silent while the agents ask", slow, true},
		} {
			t.Run(c.fault, func(t *testing.T) {
				t.Parallel()
				w := w.within(t)
				l, kubeconfig := w.line()
				name := fmt.Sprintf("t%d", i)
				r := w.startRehearsal(kubeconfig, append([]string{"--set", "coder.podLabels.trial=" + name}, c.args...)...)
				w.underWay(l, name, slices.Equal(c.args, slow))
				if c.silent {
					t.Cleanup(l.silence())
				} else {
					l.cut()
				}
				output, took := r.end()
				t.Logf("ended after %s: %s", took, output)
				assert.LessOrEqual(t, r.cmd.ProcessState.ExitCode(), 1, output)
				tells(t, c.fault, output)
				tells(t, "The API server is lost before the pods are removed", output)
			})
		}
	})
	w.whenGone()

	l, kubeconfig := w.line()
	l.cut()
	output, code := w.plugin(kubeconfig, "status", release, "--namespace", w.ns)
	assert.Equal(t, 2, code)
	tells(t, "The API server refuses connections, and status asks", output)
}
