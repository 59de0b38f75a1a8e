package workload

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestOnlyOfAStatefulSetIsSaidThatALostNodeKeepsItsReplica(t *testing.T) {
	t.Parallel()
	w := checktest.NewWorld()
	assert.Equal(t, ofALostNode, judgeLoss(w.Case(t)).Note)
	w.Workload.Kind = "Deployment"
	assert.Empty(t, judgeLoss(w.Case(t)).Note)
}
