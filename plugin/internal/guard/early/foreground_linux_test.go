package early

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheForegroundIsTheEighthFieldOfTheStat(t *testing.T) {
	for stat, want := range map[string]int{
		"4711 (coder-ha) S 4700 4711 4700 34816 4711 4194304 2033 0 0":       4711,
		"4711 (coder-ha) S 4700 4711 4700 34816 4699 4194304 2033 0 0":       4699,
		"4711 (a) b) S 1 2 3 4 (x) S 4700 4711 4700 34816 12 4194304 2033 0": 12,
		"4711 (coder-ha) S 4700 4711 4700 0 -1 4194304 2033 0 0":             0,
		"4711 (coder-ha) S": 0,
		"":                  0,
	} {
		assert.Equal(t, want, foregroundGroup([]byte(stat)), stat)
	}
}
