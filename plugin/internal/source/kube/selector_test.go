package kube

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestASelectorMatchesAsKubernetesHasIt holds the model's selector to that of
// Kubernetes, over selectors and labels of a small world, so that they often meet.
func TestASelectorMatchesAsKubernetesHasIt(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	matched := 0
	for range 5000 {
		want := metav1.LabelSelector{}
		for range random.IntN(3) {
			if want.MatchLabels == nil {
				want.MatchLabels = map[string]string{}
			}
			want.MatchLabels[pick("a", "b", "not a key")] = pick("x", "y", "", "not a value")
		}
		for range random.IntN(3) {
			e := metav1.LabelSelectorRequirement{
				Key: pick("a", "b", "c", ""), Operator: metav1.LabelSelectorOperator(pick("In", "NotIn", "Exists", "DoesNotExist", "Gt")),
			}
			for range random.IntN(3) {
				e.Values = append(e.Values, pick("x", "y", ""))
			}
			want.MatchExpressions = append(want.MatchExpressions, e)
		}
		set := labels.Set{}
		for range random.IntN(3) {
			set[pick("a", "b", "c")] = pick("x", "y", "")
		}
		parsed, err := metav1.LabelSelectorAsSelector(&want)
		matches := err == nil && parsed.Matches(set)
		if matches {
			matched++
		}
		assert.Equal(t, matches, selector(&want).Matches(set), "%+v on %v", want, set)
	}
	assert.Greater(t, matched, 100, "the trial says nothing if hardly anything matches")
	assert.Nil(t, selector(nil))
}
