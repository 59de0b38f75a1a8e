package kube

import (
	"slices"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// budgets gathers the PodDisruptionBudgets that select replicas, those that the
// cluster has beside the objects too. One without a selector selects no pod.
func (in *input) budgets(d *deployment.Deployment) error {
	others, err := in.otherPods(d)
	if err != nil {
		return err
	}
	gather := func(o manifest.Object, p policyv1.PodDisruptionBudget) *deployment.Budget {
		if p.Spec.Selector == nil {
			return nil
		}
		found := deployment.Budget{
			Namespace: o.Namespace, Name: p.Name, Pods: *selector(p.Spec.Selector), Origin: origin(o, "spec"),
			MinAvailable: number(p.Spec.MinAvailable), MaxUnavailable: number(p.Spec.MaxUnavailable),
		}
		if !slices.ContainsFunc(d.Replicas, func(r deployment.Replica) bool {
			return d.Workloads[r.Workload].Namespace == o.Namespace && found.Pods.Matches(r.Labels)
		}) {
			return nil
		}
		found.Others = slices.ContainsFunc(others, func(l podLabels) bool {
			return l.namespace == o.Namespace && found.Pods.Matches(l.labels)
		})
		d.DisruptionBudgets = append(d.DisruptionBudgets, found)
		return &d.DisruptionBudgets[len(d.DisruptionBudgets)-1]
	}
	rendered := map[string]bool{}
	err = eachNear(in, policyv1.GroupName, "PodDisruptionBudget", func(o manifest.Object, p policyv1.PodDisruptionBudget) {
		rendered[o.String()] = true
		gather(o, p)
	})
	if err != nil {
		return err
	}
	return each(&input{objects: in.Budgets}, policyv1.GroupName, "PodDisruptionBudget", func(o manifest.Object, p policyv1.PodDisruptionBudget) {
		if rendered[o.String()] {
			return
		}
		if found := gather(o, p); found != nil {
			found.Live = true
		}
	})
}

// otherPods are the labels of the pods of all workloads but those of the replicas.
func (in *input) otherPods(d *deployment.Deployment) ([]podLabels, error) {
	var others []podLabels
	for _, o := range in.objects {
		runsReplicas := slices.ContainsFunc(d.Workloads, func(w deployment.Workload) bool {
			return w.Kind == o.Kind && w.Name == o.Name && w.Namespace == o.Namespace
		})
		if !slices.Contains(workloadKinds, o.Kind) || runsReplicas || in.far(o) {
			continue
		}
		var owner podOwner
		if err := o.Into(&owner); err != nil {
			return nil, err
		}
		others = append(others, podLabels{o.Namespace, owner.Spec.Template.Labels})
	}
	return others, nil
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
