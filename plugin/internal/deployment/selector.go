package deployment

import "slices"

// Selector is a Kubernetes label selector: all of its requirements must hold, so
// one without any matches everything.
type Selector struct {
	Requirements []Requirement `json:"requirements,omitempty"`
	// Invalid says that the API server refuses the selector; it matches nothing.
	Invalid bool `json:"invalid,omitempty"`
}

// Requirement is one condition on a label.
type Requirement struct {
	Key string `json:"key"`
	// Operator is In, NotIn, Exists or DoesNotExist.
	Operator string   `json:"operator"`
	Values   []string `json:"values,omitempty"`
}

// The operators of a requirement.
const (
	In           = "In"
	NotIn        = "NotIn"
	Exists       = "Exists"
	DoesNotExist = "DoesNotExist"
)

// Matches says whether the selector selects what has the labels.
func (s Selector) Matches(labels map[string]string) bool {
	if s.Invalid {
		return false
	}
	for _, r := range s.Requirements {
		if !r.Holds(labels) {
			return false
		}
	}
	return true
}

// Exact says that a requirement demands one value of a label.
func (s Selector) Exact() bool {
	return slices.ContainsFunc(s.Requirements, func(r Requirement) bool { return r.Operator == In && len(r.Values) == 1 })
}

// Holds says whether the labels meet the requirement.
func (r Requirement) Holds(labels map[string]string) bool {
	value, has := labels[r.Key]
	switch r.Operator {
	case In:
		return has && slices.Contains(r.Values, value)
	case NotIn:
		return !has || !slices.Contains(r.Values, value)
	case Exists:
		return has
	default:
		return !has
	}
}
