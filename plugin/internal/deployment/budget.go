package deployment

import (
	"math"
	"strconv"
	"strings"
)

// Budget is a PodDisruptionBudget that selects replicas.
type Budget struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Pods      Selector `json:"pods"`
	// MinAvailable and MaxUnavailable are a number or a percentage; empty where the
	// budget does not say.
	MinAvailable   string `json:"minAvailable,omitempty"`
	MaxUnavailable string `json:"maxUnavailable,omitempty"`
	// Others says that it selects pods of other workloads too.
	Others bool `json:"others,omitempty"`
	// Live says that it is in the cluster and not in the input: what else it selects
	// is not known.
	Live   bool   `json:"live,omitempty"`
	Origin Origin `json:"origin"`
}

// Budgets are those that select the pods of a workload.
func (d *Deployment) Budgets(r Replica) []Budget {
	var out []Budget
	for _, b := range d.DisruptionBudgets {
		if b.Namespace == d.Workloads[r.Workload].Namespace && b.Pods.Matches(r.Labels) {
			out = append(out, b)
		}
	}
	return out
}

// Evictable is how many of n healthy pods may be evicted at once. A percentage is
// rounded up, and a budget that says nothing allows none
// (k8s.io/kubernetes pkg/controller/disruption, getExpectedPodCount).
func (b Budget) Evictable(n int) (count int, ok bool) {
	switch {
	case b.MaxUnavailable != "":
		count, ok = scaled(b.MaxUnavailable, n)
		return min(count, n), ok
	case b.MinAvailable != "":
		count, ok = scaled(b.MinAvailable, n)
		return max(n-count, 0), ok
	default:
		return 0, true
	}
}

// scaled reads a number or a percentage of n.
func scaled(text string, n int) (count int, ok bool) {
	percent, isPercent := strings.CutSuffix(text, "%")
	count, err := strconv.Atoi(percent)
	if err != nil {
		return 0, false
	}
	if isPercent {
		count = int(math.Ceil(float64(count) * float64(n) / 100))
	}
	return count, true
}

// String says what the budget demands, as its field does.
func (b Budget) String() string {
	switch {
	case b.MaxUnavailable != "":
		return "maxUnavailable: " + b.MaxUnavailable
	case b.MinAvailable != "":
		return "minAvailable: " + b.MinAvailable
	default:
		return "neither minAvailable nor maxUnavailable"
	}
}
