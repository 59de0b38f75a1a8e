package deployment

import "slices"

// SpreadRule is a rule of a pod that keeps it away from others: a term of its pod
// anti-affinity, required or preferred, or a topology spread constraint.
type SpreadRule struct {
	// Field is where it stands in the pod.
	Field       string `json:"field"`
	TopologyKey string `json:"topologyKey"`
	// Selector is nil where the rule has none, which selects no pod.
	Selector *Selector `json:"selector,omitempty"`
	// Namespaces are those of the pods that it is about; nil means the pod's own.
	Namespaces []string `json:"namespaces,omitempty"`
	// AnyNamespace says that labels decide about the namespaces.
	AnyNamespace bool `json:"anyNamespace,omitempty"`
}

// Concerns says whether the rule is about pods with these labels in a namespace.
// Where labels of the namespace decide, it may be.
func (s SpreadRule) Concerns(namespace string, labels map[string]string) bool {
	if s.Selector == nil || !s.Selector.Matches(labels) {
		return false
	}
	return len(s.Namespaces) == 0 || s.AnyNamespace || slices.Contains(s.Namespaces, namespace)
}
