package running

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), podCases, rowCases, versionCases, regionCases, licenseCases, healthCases)
}

func TestADeploymentThatRunsAsItShouldHasNoFinding(t *testing.T) {
	w := checktest.NewWorld()
	checktest.Runs(nil)(w)
	checktest.AllQuiet(t, Checks(), w)
}
