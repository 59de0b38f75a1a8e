package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHealthAloneIsWaitedForAMinute(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	type look struct {
		after time.Duration
		why   string
		over  bool
	}
	for name, looks := range map[string][]look{
		"all is well":            {{0, "", true}},
		"not all are ready":      {{0, "2 of 3 replicas ready", false}, {time.Hour, "2 of 3 replicas ready", false}},
		"health for ever":        {{0, ownHealth, false}, {time.Minute, ownHealth, false}, {61 * time.Second, ownHealth, true}},
		"health after the rest":  {{0, "the update goes on; " + ownHealth, false}, {time.Hour, ownHealth, false}, {time.Hour + 59*time.Second, ownHealth, false}},
		"health, and again":      {{0, ownHealth, false}, {50 * time.Second, "relay-unreachable", false}, {70 * time.Second, ownHealth, false}},
		"health that comes back": {{0, ownHealth, false}, {30 * time.Second, "", true}},
	} {
		var w healthWait
		for _, l := range looks {
			assert.Equal(t, l.over, w.over(l.why, begin.Add(l.after)), "%s after %s", name, l.after)
		}
	}
}
