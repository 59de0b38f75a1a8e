package workload

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

// grace is the grace period of the pod, in seconds.
func grace(seconds *int64) func(*checktest.World) {
	return func(w *checktest.World) { w.Pod().TerminationGracePeriodSeconds = seconds }
}

// hook runs a command before the stop signal.
func hook(command ...string) func(*checktest.World) {
	return func(w *checktest.World) {
		w.Container().Lifecycle.PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}
	}
}

func stopCases(_ *testing.T, c *checktest.Cases) {
	c.About("grace-period",
		checktest.Passes("long", nil),
		checktest.Passes("60 seconds", grace(new(int64(60)))),
		checktest.Warns("59 seconds", "kills a replica 59 seconds after", grace(new(int64(59)))),
		checktest.Warns("the default", "kills a replica 30 seconds after", grace(nil)),
		checktest.Warns("none", "0 seconds", grace(new(int64(0)))),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
	none := func(w *checktest.World) { w.Container().Lifecycle = nil }
	c.About("drain-delay",
		checktest.Passes("a sleep", nil),
		checktest.Advises("none", "stops at once", none),
		checktest.Advises("a hook after the start", "stops at once", func(w *checktest.World) {
			w.Container().Lifecycle.PostStart, w.Container().Lifecycle.PreStop = w.Container().Lifecycle.PreStop, nil
		}),
		checktest.Advises("a sleep of no seconds", "stops at once", func(w *checktest.World) { w.Container().Lifecycle.PreStop.Sleep.Seconds = 0 }),
		checktest.Passes("the command sleep", hook("sleep", "10")),
		checktest.Passes("a shell that sleeps", hook("/bin/sh", "-c", "/bin/sleep 15; true")),
		checktest.Advises("a command that sleeps for no time", "stops at once", hook("sleep", "0")),
		checktest.Skips("another command", "what the preStop hook runs", hook("/drain", "--wait")),
		checktest.Skips("one replica", "one replica", func(w *checktest.World) {
			none(w)
			w.Replicas(1)
		}),
		checktest.Skips("hosts", "no pods", checktest.OnHosts(nil)),
	)
}
