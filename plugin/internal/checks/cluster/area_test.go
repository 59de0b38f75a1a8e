package cluster

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), agreementCases, hostCases, policyCases, networkCases, enforcementCases, reachCases)
}
