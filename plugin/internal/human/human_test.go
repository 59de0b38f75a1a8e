package human

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDurationsAreShortAndTrue(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0.00 ms", 254 * time.Microsecond: "0.25 ms", 1500 * time.Microsecond: "1.5 ms", 12 * time.Millisecond: "12 ms",
		999 * time.Millisecond: "999 ms", 3400 * time.Millisecond: "3.4 s", -3 * time.Second: "-3.0 s", time.Minute: "1m",
		16 * time.Minute: "16m", 90 * time.Second: "1m30s", time.Hour: "1h", 2*time.Hour + 5*time.Minute: "2h5m", 14 * 24 * time.Hour: "14 days",
	} {
		assert.Equal(t, want, Duration(d))
	}
	assert.Equal(t, "50 seconds", Whole(50*time.Second))
	assert.Equal(t, "14m50s", Whole(14*time.Minute+50*time.Second))
	assert.Equal(t, "1 replica", Count(1, "replica"))
	assert.Equal(t, "0 replicas", Count(0, "replica"))
}
