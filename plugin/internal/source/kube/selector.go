package kube

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// selector is a label selector as the model has it; nil stays nil.
func selector(s *metav1.LabelSelector) *deployment.Selector {
	if s == nil {
		return nil
	}
	if _, err := metav1.LabelSelectorAsSelector(s); err != nil {
		return &deployment.Selector{Invalid: true}
	}
	out := &deployment.Selector{}
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		out.Requirements = append(out.Requirements, deployment.Requirement{Key: key, Operator: deployment.In, Values: []string{s.MatchLabels[key]}})
	}
	for _, e := range s.MatchExpressions {
		out.Requirements = append(out.Requirements, deployment.Requirement{Key: e.Key, Operator: string(e.Operator), Values: e.Values})
	}
	return out
}
