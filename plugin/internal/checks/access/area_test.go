package access

import (
	"testing"

	"github.com/coder-ha/coder-ha/plugin/internal/checks/checktest"
)

func TestEveryCheckTellsRightFromWrong(t *testing.T) {
	checktest.Run(t, Checks(), urlCases, listenCases, frontendsCases, serviceCases, hairpinCases)
}
