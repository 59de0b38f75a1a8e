package kube

import (
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// budgets gathers the PodDisruptionBudgets that select replicas. One without a
// selector selects no pod.
func (in *input) budgets(d *deployment.Deployment) error {
	var others []podLabels
	for _, o := range in.objects {
		runsReplicas := slices.ContainsFunc(d.Workloads, func(w deployment.Workload) bool {
			return w.Kind == o.Kind && w.Name == o.Name && w.Namespace == o.Namespace
		})
		if !slices.Contains(workloadKinds, o.Kind) || runsReplicas {
			continue
		}
		var owner podOwner
		if err := o.Into(&owner); err != nil {
			return err
		}
		others = append(others, podLabels{o.Namespace, owner.Spec.Template.Labels})
	}
	return each(in, policyv1.GroupName, "PodDisruptionBudget", func(o manifest.Object, p policyv1.PodDisruptionBudget) {
		if p.Spec.Selector == nil {
			return
		}
		found := deployment.Budget{
			Namespace: o.Namespace, Name: p.Name, Pods: *selector(p.Spec.Selector), Origin: origin(o, "spec"),
			MinAvailable: number(p.Spec.MinAvailable), MaxUnavailable: number(p.Spec.MaxUnavailable),
		}
		found.Others = slices.ContainsFunc(others, func(l podLabels) bool {
			return l.namespace == o.Namespace && found.Pods.Matches(l.labels)
		})
		if slices.ContainsFunc(d.Replicas, func(r deployment.Replica) bool {
			return d.Workloads[r.Workload].Namespace == o.Namespace && found.Pods.Matches(r.Labels)
		}) {
			d.DisruptionBudgets = append(d.DisruptionBudgets, found)
		}
	})
}

// podLabels are those of the pods of a workload.
type podLabels struct {
	namespace string
	labels    map[string]string
}

// number is a number or a percentage as text; empty where there is none.
func number(n *intstr.IntOrString) string {
	if n == nil {
		return ""
	}
	return n.String()
}
