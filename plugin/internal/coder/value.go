package coder

import (
	"slices"
	"strconv"
	"strings"
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

// Canonical is the text of a value in one form: two values that coderd takes for
// the same have the same.
func (v Value) Canonical() string {
	switch v.Setting.Type {
	case TypeBool:
		on, _ := v.Bool()
		return strconv.FormatBool(on)
	case TypeInt:
		if n, known := v.Int(); known {
			return strconv.FormatInt(n, 10)
		}
	case TypeDuration:
		if d, known := v.Duration(); known {
			return d.String()
		}
	case TypeEnum:
		return strings.ToLower(v.Text)
	case TypeList:
		if v.Setting.Variable == Experiments {
			return strings.ToLower(strings.Join(slices.Sorted(slices.Values(v.List)), ","))
		}
		return strings.Join(v.List, ",")
	case TypeString, TypeURL, TypeHostPort, TypeRegexp, TypeStruct, TypeConfigFile:
	}
	return v.Text
}

// harmless are the types whose values are no secrets.
var harmless = []Type{TypeBool, TypeInt, TypeDuration, TypeEnum}

// Harmless says whether the value of a variable can be shown, whatever it is: a
// switch, a number, a duration or one of a few words.
func Harmless(variable string) bool {
	return slices.ContainsFunc(settings, func(s Setting) bool {
		return s.Variable == variable && slices.Contains(harmless, s.Type)
	})
}
