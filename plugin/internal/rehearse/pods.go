package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stand is the place of a replica.
type stand struct {
	replica  string
	workload int
	index    int
	// pod is nil until it is made; why says what keeps it from running, and stuck that
	// it may not get over that.
	pod   *corev1.Pod
	why   string
	stuck bool
	// session is nil until an agent answers there.
	session *session
	// deaf says by address why the agent does not listen there.
	deaf map[string]string
}

func (s *stand) runs() bool { return s.pod != nil && s.why == "" }

// How long is waited for pods: between two looks, for one that is stuck, and for the
// first one of a Job.
const (
	lookEvery  = 250 * time.Millisecond
	stuckTime  = 15 * time.Second
	unmadeTime = 3 * time.Second
	// lostTime is how long the API server may be away.
	lostTime = 10 * time.Second
)

// await waits until all pods run, or those that do not are stuck, or the time is over.
// An error says why the pods cannot be seen.
func (c *cluster) await(ctx context.Context, jobs []*batchv1.Job, stands []*stand, run string, progress func(string)) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	begin, changed, before := time.Now(), time.Now(), -1
	seen := begin
	for {
		err := c.look(ctx, jobs, stands, run, time.Since(begin))
		switch {
		case ctx.Err() != nil:
			// What was seen last is what there is.
			return nil
		case err != nil && (apierrors.IsForbidden(err) || time.Since(seen) > lostTime):
			return err
		case err == nil:
			seen = time.Now()
		}
		running := 0
		stuck := true
		for _, s := range stands {
			if s.runs() {
				running++
			} else {
				stuck = stuck && s.stuck
			}
		}
		if running != before {
			before, changed = running, time.Now()
		}
		progress(fmt.Sprintf("%d of %d pods run in the place of the replicas", running, len(stands)))
		if running == len(stands) || stuck && time.Since(changed) > stuckTime {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// refusal is why the pods of a Job are not made; err says why that is not known.
type refusal struct {
	said string
	err  error
}

// look sees how the pods are.
func (c *cluster) look(ctx context.Context, jobs []*batchv1.Job, stands []*stand, run string, since time.Duration) error {
	byJob := map[string][]corev1.Pod{}
	for _, job := range jobs {
		if _, seen := byJob[job.Namespace]; seen {
			continue
		}
		found, err := c.pods(ctx, job.Namespace, RunLabel+"="+run)
		if err != nil {
			return err
		}
		byJob[job.Namespace] = found
	}
	unmade := map[int]refusal{}
	for _, s := range stands {
		job := jobs[s.workload]
		s.pod = nil
		for i, pod := range byJob[job.Namespace] {
			if pod.DeletionTimestamp == nil && ownedBy(pod, job) && indexOf(pod) == s.index {
				s.pod = &byJob[job.Namespace][i]
			}
		}
		if s.pod != nil {
			s.why, s.stuck = trouble(*s.pod)
			continue
		}
		s.why, s.stuck = "its pod is not made yet", false
		if since < unmadeTime {
			continue
		}
		why, asked := unmade[s.workload]
		if !asked {
			why.said, why.err = c.said(ctx, job.Namespace, "Job", job.Name, "FailedCreate")
			unmade[s.workload] = why
		}
		switch {
		case why.said != "":
			s.why, s.stuck = why.said, true
		case why.err != nil && since > stuckTime:
			s.why, s.stuck = "its pod is not made, and why is not known: "+why.err.Error(), true
		case since > stuckTime:
			s.why, s.stuck = "its pod is not made, and no event says why: look at Job "+job.Name+" and its service account", true
		}
	}
	return nil
}

func ownedBy(pod corev1.Pod, job *batchv1.Job) bool {
	return slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == job.UID })
}

// indexOf is the index of a pod in its Job; -1 without one.
func indexOf(pod corev1.Pod) int {
	n, err := strconv.Atoi(pod.Annotations[batchv1.JobCompletionIndexAnnotation])
	if err != nil {
		return -1
	}
	return n
}

// patience are reasons of a waiting container that pass by themselves.
var patience = []string{"", "ContainerCreating", "PodInitializing"}

// trouble says what keeps a pod from running, and whether that may stay so; why is
// empty where nothing does.
func trouble(pod corev1.Pod) (why string, stuck bool) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return "no node takes its pod: " + condition.Message, true
		}
	}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		switch {
		case s.State.Running != nil:
		case s.State.Waiting != nil && slices.Contains(patience, s.State.Waiting.Reason):
			return "its container " + s.Name + " does not run yet", false
		case s.State.Terminated != nil:
			return ended(s.Name, s.State.Terminated), true
		case s.LastTerminationState.Terminated != nil:
			// It waits to be started again, which says nothing of why.
			return ended(s.Name, s.LastTerminationState.Terminated), true
		case s.State.Waiting != nil:
			return clause("its container "+s.Name+" waits: "+s.State.Waiting.Reason, s.State.Waiting.Message), true
		}
	}
	if pod.Spec.NodeName != "" && pod.Status.StartTime == nil {
		return "node " + pod.Spec.NodeName + " has not taken up its pod", false
	}
	if pod.Status.Phase != corev1.PodRunning || pod.Status.PodIP == "" {
		return "its pod is " + string(pod.Status.Phase), false
	}
	return "", false
}

func ended(container string, state *corev1.ContainerStateTerminated) string {
	return clause(fmt.Sprintf("its container %s ended: %s, exit code %d", container, state.Reason, state.ExitCode), state.Message)
}

func clause(what, message string) string {
	if message == "" {
		return what
	}
	return what + ": " + message
}

// ready says whether a pod is ready and stays.
func ready(pod corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
