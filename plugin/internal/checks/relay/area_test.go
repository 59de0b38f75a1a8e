package relay

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), nameCases, urlCases, perReplicaServiceCases, sourceCases, modeCases, regionCases, hostCases, reachCases, recordedCases)
}
