package workload

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), valuesCases, probeCases, stopCases, spreadCases, budgetCases, podCases)
}
