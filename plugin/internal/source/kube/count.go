package kube

import (
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// scaleTarget is what a scaler refers to.
type scaleTarget struct{ Kind, Name string }

// is says whether a workload is the target; KEDA means a Deployment where it
// names no kind.
func (t scaleTarget) is(o manifest.Object) bool {
	return t.Name == o.Name && (t.Kind == o.Kind || t.Kind == "" && o.Kind == "Deployment")
}

type autoscaler struct {
	Spec struct {
		Target      scaleTarget `json:"scaleTargetRef"`
		MinReplicas *int32      `json:"minReplicas"`
		MaxReplicas int32       `json:"maxReplicas"`
	} `json:"spec"`
}

// scaledObject is KEDA's autoscaler.
type scaledObject struct {
	Spec struct {
		Target      scaleTarget `json:"scaleTargetRef"`
		MinReplicas int32       `json:"minReplicaCount"`
		MaxReplicas *int32      `json:"maxReplicaCount"`
	} `json:"spec"`
}

// kedaMaximum is what KEDA scales to where nothing is said.
const kedaMaximum = 100

// rollout is an Argo Rollout that takes its pods from a Deployment, which is
// scaled to zero itself.
type rollout struct {
	Spec struct {
		Replicas *int32      `json:"replicas"`
		Workload scaleTarget `json:"workloadRef"`
	} `json:"spec"`
}

// count is how many replicas the workload may run: its own number, that of a
// Rollout that stands for it, or the maximum of an autoscaler. A DaemonSet runs
// one for each node, which are taken for two.
func (in *input) count(o manifest.Object, owner podOwner) int {
	n := 1
	if owner.Spec.Replicas != nil {
		n = int(*owner.Spec.Replicas)
	}
	if o.Kind == "DaemonSet" {
		n = 2
	}
	// A Rollout that does not decode stands for nothing.
	_ = eachNear(in, "argoproj.io", "Rollout", func(s manifest.Object, r rollout) {
		if s.Namespace == o.Namespace && r.Spec.Workload.is(o) {
			n = 1
			if r.Spec.Replicas != nil {
				n = int(*r.Spec.Replicas)
			}
		}
	})
	for _, a := range in.autoscalers(o) {
		n = max(n, a.Max)
	}
	return n
}

// autoscalers are those of a workload.
func (in *input) autoscalers(o manifest.Object) []deployment.Autoscaler {
	var found []deployment.Autoscaler
	add := func(s manifest.Object, target scaleTarget, least, most int32) {
		if s.Namespace == o.Namespace && target.is(o) {
			found = append(found, deployment.Autoscaler{Kind: s.Kind, Name: s.Name, Min: int(least), Max: int(most), Origin: origin(s, "spec")})
		}
	}
	// A scaler that does not decode cannot raise the number.
	_ = eachNear(in, "autoscaling", "HorizontalPodAutoscaler", func(s manifest.Object, a autoscaler) {
		least := int32(1)
		if a.Spec.MinReplicas != nil {
			least = *a.Spec.MinReplicas
		}
		add(s, a.Spec.Target, least, a.Spec.MaxReplicas)
	})
	_ = eachNear(in, "keda.sh", "ScaledObject", func(s manifest.Object, a scaledObject) {
		most := int32(kedaMaximum)
		if a.Spec.MaxReplicas != nil {
			most = *a.Spec.MaxReplicas
		}
		add(s, a.Spec.Target, a.Spec.MinReplicas, most)
	})
	return found
}
