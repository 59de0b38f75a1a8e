package rehearse

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWhatKeepsAPodFromRunningIsNamed takes it from what the cluster says last.
func TestWhatKeepsAPodFromRunningIsNamed(t *testing.T) {
	t.Parallel()
	started := metav1.Now()
	pod := func(state, last corev1.ContainerState) corev1.Pod {
		return corev1.Pod{Spec: corev1.PodSpec{NodeName: "node-1"}, Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0.7", StartTime: &started,
			ContainerStatuses: []corev1.ContainerStatus{{Name: "coder", State: state, LastTerminationState: last}},
		}}
	}
	waits := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "StartError", Message: "no sh", ExitCode: 128}}
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	lost := pod(runs, corev1.ContainerState{})
	lost.Status = corev1.PodStatus{Phase: corev1.PodPending}
	noAddress := lost
	noAddress.Status = corev1.PodStatus{Phase: corev1.PodRunning, StartTime: &started}
	noNode := corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes are available"},
	}}}
	for _, c := range []struct {
		name  string
		pod   corev1.Pod
		why   string
		stuck bool
	}{
		{"nothing", pod(runs, corev1.ContainerState{}), "", false},
		{"an end of before", pod(runs, ended), "", false},
		{"it is being made", pod(waits("ContainerCreating", ""), corev1.ContainerState{}), "its container coder does not run yet", false},
		{"its image", pod(waits("ErrImagePull", "no such host"), corev1.ContainerState{}), "its container coder waits: ErrImagePull: no such host", true},
		{"its end", pod(ended, corev1.ContainerState{}), "its container coder ended: StartError, exit code 128: no sh", true},
		{"its end, and the pause until the next start", pod(waits("CrashLoopBackOff", "back-off 10s"), ended), "its container coder ended: StartError, exit code 128: no sh", true},
		{"its address", noAddress, "its pod is Running", false},
		{"no node", noNode, "no node takes its pod: 0/3 nodes are available", true},
		{"its node", lost, "node node-1 has not taken up its pod", false},
	} {
		why, stuck := trouble(c.pod)
		assert.Equal(t, c.why, why, c.name)
		assert.Equal(t, c.stuck, stuck, c.name)
	}
}
