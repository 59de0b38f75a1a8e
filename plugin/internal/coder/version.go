// Package coder is what is known of Coder: its settings, versions and
// migrations, and how the environment of a replica is wired.
package coder

import (
	"fmt"
	"regexp"
	"strconv"
)

// Version is a version of Coder. The zero value is an unknown one, which every
// question takes for the newest.
type Version struct {
	Major, Minor int
	// Text is the tag that it was read from.
	Text string
}

// years are the numbers from which on a tag begins with one.
const years = 1000

var versionPattern = regexp.MustCompile(`^v?(\d+)\.(\d+)(?:[.+-].*)?$`)

// ParseVersion reads an image tag or a version; anything that is not one gives
// an unknown version that keeps the text. So does one below 2.0: coderd went from
// 0.27 to 2.0, the settings of 0.x were not read, and a tag like 1.4 numbers an image
// that somebody built. A tag like 2026.11 is its date.
func ParseVersion(text string) Version {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return Version{Text: text}
	}
	major, err1 := strconv.Atoi(m[1])
	minor, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil || major < 2 || major >= years {
		return Version{Text: text}
	}
	return Version{Major: major, Minor: minor, Text: text}
}

// Known says whether the version could be read.
func (v Version) Known() bool { return v.Major > 0 }

// AtLeast says whether the version is major.minor or newer; an unknown version
// is.
func (v Version) AtLeast(major, minor int) bool {
	if !v.Known() {
		return true
	}
	return v.Major > major || v.Major == major && v.Minor >= minor
}

func (v Version) String() string {
	if v.Known() {
		return fmt.Sprintf("%d.%d", v.Major, v.Minor)
	}
	return "unknown"
}

// EmptyIsUnset says that an empty variable counts as one that is not set. It counts
// as the empty value since serpent 0.15, which came with 2.34 (coder/coder pull
// request 24926).
func EmptyIsUnset(v Version) bool { return !v.AtLeast(2, 34) }
