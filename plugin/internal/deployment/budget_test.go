package deployment

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestABudgetAllowsAsManyEvictionsAsKubernetesDoes(t *testing.T) {
	for _, c := range []struct {
		budget   Budget
		replicas int
		want     int
	}{
		{Budget{MaxUnavailable: "1"}, 3, 1},
		{Budget{MaxUnavailable: "0"}, 3, 0},
		{Budget{MaxUnavailable: "0%"}, 3, 0},
		{Budget{MaxUnavailable: "1%"}, 3, 1},
		{Budget{MaxUnavailable: "5"}, 3, 3},
		{Budget{MinAvailable: "2"}, 3, 1},
		{Budget{MinAvailable: "3"}, 3, 0},
		{Budget{MinAvailable: "4"}, 3, 0},
		{Budget{MinAvailable: "66%"}, 3, 1},
		{Budget{MinAvailable: "67%"}, 3, 0},
		{Budget{MinAvailable: "100%"}, 3, 0},
		{Budget{}, 3, 0},
	} {
		got, ok := c.budget.Evictable(c.replicas)
		assert.True(t, ok)
		assert.Equal(t, c.want, got, "%s of %d", c.budget, c.replicas)
	}
	_, ok := Budget{MinAvailable: "two"}.Evictable(3)
	assert.False(t, ok)
}
