// Package human writes durations and counts for people, in one way everywhere.
package human

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a duration as short as it is still true: 0.25 ms, 12 ms, 3.4 s, 16m,
// 14 days. The sign is kept.
func Duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case d >= 48*time.Hour:
		return sign + fmt.Sprintf("%.0f days", d.Hours()/24)
	case d >= time.Minute:
		return sign + clock(d.Round(time.Second))
	case d >= time.Second:
		return sign + fmt.Sprintf("%.1f s", d.Seconds())
	case ms >= 10:
		return sign + fmt.Sprintf("%.0f ms", ms)
	case ms >= 1:
		return sign + fmt.Sprintf("%.1f ms", ms)
	default:
		return sign + fmt.Sprintf("%.2f ms", ms)
	}
}

// Whole is a duration of whole seconds, as manifests have it: 30 seconds, 14m50s.
func Whole(d time.Duration) string {
	if d >= time.Minute {
		return clock(d)
	}
	return Count(int(d/time.Second), "second")
}

// clock writes hours, minutes and seconds, without those that are 0.
func clock(d time.Duration) string {
	var out strings.Builder
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&out, "%d%s", n, unit.name)
		}
		d %= unit.size
	}
	return out.String()
}

// Count is "1 replica" or "3 replicas".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Until is when something ends, from how long it lasts: in 12 days, 3h ago.
func Until(d time.Duration) string {
	if d < 0 {
		return Duration(-d) + " ago"
	}
	return "in " + Duration(d)
}
