package systemd

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Infinity is a time that never ends.
const Infinity time.Duration = -1

var errTimespan = errors.New("it is not a time such as 90, 15min or infinity")

const day = 24 * time.Hour

// units are those of systemd.time(7); the average year has 365.25 days, a month is
// the twelfth part of it.
var units = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"ms": time.Millisecond, "msec": time.Millisecond, "us": time.Microsecond, "usec": time.Microsecond, "µs": time.Microsecond,
	"d": day, "day": day, "days": day, "w": 7 * day, "week": 7 * day, "weeks": 7 * day,
	"M": 2629800 * time.Second, "month": 2629800 * time.Second, "months": 2629800 * time.Second,
	"y": 31557600 * time.Second, "year": 31557600 * time.Second, "years": 31557600 * time.Second,
}

// maxPart bounds one part of a time; more of it is as good as infinity.
const maxPart = 250 * 365 * day

// Timespan reads a time as systemd does; a number without a unit is seconds.
func Timespan(text string) (time.Duration, error) {
	rest := strings.TrimSpace(text)
	if rest == "infinity" {
		return Infinity, nil
	}
	var sum time.Duration
	for first := true; first || rest != ""; first = false {
		digits := strings.IndexFunc(rest, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if digits < 0 {
			digits = len(rest)
		}
		n, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil {
			return 0, errTimespan
		}
		rest = strings.TrimLeft(rest[digits:], " \t")
		letters := strings.IndexFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r == ' ' || r == '\t' })
		if letters < 0 {
			letters = len(rest)
		}
		unit, known := units[rest[:letters]]
		if !known {
			return 0, errTimespan
		}
		if n*float64(unit) > float64(maxPart) || sum > maxPart {
			return Infinity, nil
		}
		sum += time.Duration(n * float64(unit))
		rest = strings.TrimLeft(rest[letters:], " \t")
	}
	return sum, nil
}
