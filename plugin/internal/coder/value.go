package coder

import (
	"strconv"
	"time"
)

// Bool is a switch; known is false where it cannot be told.
func (v Value) Bool() (on, known bool) {
	on, err := parseBool(v.Text)
	return on, err == nil && !v.Unknown
}

// Int is a number; known is false where it cannot be told.
func (v Value) Int() (n int64, known bool) {
	n, err := strconv.ParseInt(v.Text, 10, 64)
	return n, err == nil && !v.Unknown
}

// Duration is a duration; known is false where it cannot be told.
func (v Value) Duration() (d time.Duration, known bool) {
	d, err := parseDuration(Version{}, v.Text)
	return d, err == nil && !v.Unknown
}

// Empty says that it is known to be nothing.
func (v Value) Empty() bool { return v.Text == "" && len(v.List) == 0 && !v.Unknown }
