package postgres

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), urlCases, reachCases, serverCases, latencyCases, capacityCases, behaviorCases, ownerCases, migrationCases, runningCases)
}
