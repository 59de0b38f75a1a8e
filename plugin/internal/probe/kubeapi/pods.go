package kubeapi

import (
	"cmp"
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// workloads reads how far their controllers are.
func (p *probe) workloads(ctx context.Context) {
	for _, w := range p.d.Workloads {
		named := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", w.Name).String()}
		switch w.Kind {
		case "StatefulSet":
			found, err := p.apps.StatefulSets(p.namespace).List(ctx, named)
			p.put(facts.Pods, "statefulsets.apps", p.namespace, err, func(r *facts.Running) {
				for i := range found.Items {
					r.Workloads = append(r.Workloads, statefulSet(&found.Items[i]))
				}
			})
		case "Deployment":
			found, err := p.apps.Deployments(p.namespace).List(ctx, named)
			p.put(facts.Pods, "deployments.apps", p.namespace, err, func(r *facts.Running) {
				for i := range found.Items {
					r.Workloads = append(r.Workloads, ofDeployment(&found.Items[i]))
				}
			})
		}
	}
}

func statefulSet(o *appsv1.StatefulSet) facts.WorkloadStatus {
	s := o.Status
	out := facts.WorkloadStatus{Kind: "StatefulSet", Name: o.Name, Desired: int(desired(o.Spec.Replicas)), Updated: int(s.UpdatedReplicas)}
	seen := s.ObservedGeneration >= o.Generation && s.CurrentRevision == s.UpdateRevision
	out.Settled = seen && int(s.Replicas) == out.Desired && int(s.ReadyReplicas) == out.Desired
	return out
}

func ofDeployment(o *appsv1.Deployment) facts.WorkloadStatus {
	s := o.Status
	out := facts.WorkloadStatus{Kind: "Deployment", Name: o.Name, Desired: int(desired(o.Spec.Replicas)), Updated: int(s.UpdatedReplicas)}
	out.Settled = s.ObservedGeneration >= o.Generation && int(s.Replicas) == out.Desired && out.Updated == out.Desired && int(s.ReadyReplicas) == out.Desired
	return out
}

func desired(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// pods reads those of the workloads: what their controllers made, and not what has
// their labels for another reason.
func (p *probe) pods(ctx context.Context) {
	found, err := p.core.Pods(p.namespace).List(ctx, metav1.ListOptions{})
	p.put(facts.Pods, "pods", p.namespace, err, func(r *facts.Running) {
		r.Pods = []facts.Pod{}
		for i := range found.Items {
			if container, ours := p.owned(&found.Items[i]); ours {
				r.Pods = append(r.Pods, readPod(&found.Items[i], container))
			}
		}
		slices.SortFunc(r.Pods, func(a, b facts.Pod) int {
			return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), strings.Compare(a.Name, b.Name))
		})
	})
}

// owned says whether a workload of the deployment made the pod, and which container
// is coderd's.
func (p *probe) owned(pod *corev1.Pod) (container string, ours bool) {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return "", false
	}
	kind, name := owner.Kind, owner.Name
	if kind == "ReplicaSet" {
		// A ReplicaSet has the name of its Deployment and the hash of the pods.
		kind, name = "Deployment", strings.TrimSuffix(name, "-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey])
	}
	w := p.workload(kind, name)
	if w == nil || w.Pod == nil {
		return "", false
	}
	return w.Pod.CoderContainer().Name, true
}

func readPod(pod *corev1.Pod, container string) facts.Pod {
	out := facts.Pod{
		Name: pod.Name, IP: pod.Status.PodIP, Node: pod.Spec.NodeName, HostNetwork: pod.Spec.HostNetwork, Phase: string(pod.Status.Phase),
		StatefulSet: metav1.GetControllerOf(pod).Kind == "StatefulSet", Created: pod.CreationTimestamp.UTC(),
	}
	if pod.DeletionTimestamp != nil {
		out.Deadline = pod.DeletionTimestamp.UTC()
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == container {
			out.Image = c.Image
		}
	}
	for _, c := range pod.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady:
			out.Ready, out.ReadySince = c.Status == corev1.ConditionTrue, c.LastTransitionTime.UTC()
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			out.Trouble, out.Message = c.Reason, c.Message
		}
	}
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && out.Trouble == "" && !starting[w.Reason] {
			out.Trouble, out.Message = w.Reason, w.Message
		}
		if s.Name != container {
			continue
		}
		out.Restarts = int(s.RestartCount)
		if s.State.Running != nil {
			out.Started = s.State.Running.StartedAt.UTC()
		}
		if end := s.LastTerminationState.Terminated; end != nil {
			out.LastEnd = end.Reason
		}
	}
	return out
}

// starting are the words of the kubelet for a container that goes on well.
var starting = map[string]bool{"ContainerCreating": true, "PodInitializing": true}
