package coder

import (
	"fmt"
	"slices"
)

// Setting is an option of `coder server`. Its value comes from the first of
// flag, variable, key in the YAML config file and default that is given.
type Setting struct {
	// Name is what Coder calls it.
	Name string
	// Variable, Flag (without dashes), Shorthand (without its dash) and YAML (the
	// path of keys, with dots) are the ways to give it; "" where there is none.
	Variable, Flag, Shorthand, YAML string
	Type                            Type
	// Choices are what an enum may be, in lower case.
	Choices []string
	// Default is the text of the default, "" where there is none.
	Default string
	// Computed says that coderd makes the default from other settings.
	Computed bool
	// Hidden says that help does not show it.
	Hidden bool
	// Secret says that Coder marks its value as one. See IsSecret.
	Secret bool
	// Validated says that coderd asks more of a value than its type does.
	Validated bool
	// SameAs is the variable of another setting of which this is another name.
	SameAs string
	// First and Last are the oldest and the newest minor version of Coder 2 that
	// read it in this form, of those whose options were read.
	First, Last int
}

// Type is how coderd reads a value, by the name that its option library gives
// the type.
type Type string

// The types of settings.
const (
	TypeString     Type = "string"
	TypeBool       Type = "bool"
	TypeInt        Type = "int"
	TypeDuration   Type = "duration"
	TypeList       Type = "string-array"
	TypeURL        Type = "url"
	TypeHostPort   Type = "host:port"
	TypeEnum       Type = "enum"
	TypeRegexp     Type = "regexp"
	TypeStruct     Type = "struct"
	TypeConfigFile Type = "yaml-config-path"
)

//go:generate sh -c "cd ../../../tests/coderd && go run ./generate -o ../../plugin/internal/coder/settings_gen.go"

// Settings are the settings of `coder server` in a version of Coder: those of
// the next version whose options were read, or of the newest one, without what
// is known to have come later.
func Settings(v Version) []Setting { return inVersion(settings, v) }

func inVersion(all []Setting, v Version) []Setting {
	read := nextRead(v)
	return slices.DeleteFunc(slices.Clone(all), func(s Setting) bool {
		return read < s.First || read > s.Last || !v.AtLeast(2, since[s.Variable])
	})
}

// nextRead is the minor version whose options stand for those of v.
func nextRead(v Version) int {
	for _, minor := range readReleases {
		if v.Known() && v.Major == 2 && v.Minor <= minor {
			return minor
		}
	}
	return readReleases[len(readReleases)-1]
}

// doubt says why a version may know a setting that its table does not hold: it is
// newer or older than the releases that were read, or one of them knows it. It is
// empty where nothing speaks for it.
func doubt(v Version, is func(*Setting) bool) string {
	switch why := newer(v); {
	case why != "":
		return why
	case slices.Contains(readReleases, v.Minor):
		return ""
	case slices.ContainsFunc(slices.Concat(settings, globals), func(s Setting) bool { return is(&s) && v.AtLeast(2, since[s.Variable]) }):
		return fmt.Sprintf("another version of Coder knows it, and the settings of Coder %s itself are not known", v)
	default:
		return ""
	}
}

// newer says why a version may have settings that no release has which was read;
// empty where it lies between such releases.
func newer(v Version) string {
	oldest, newest := readReleases[0], readReleases[len(readReleases)-1]
	switch {
	case !v.Known():
		return "the version of Coder is not known"
	case v.Major != 2 || v.Minor > newest:
		return fmt.Sprintf("Coder %s may have settings that Coder 2.%d, the newest one whose settings are known, does not have", v, newest)
	case v.Minor < oldest:
		return fmt.Sprintf("the settings of Coder before 2.%d are not known", oldest)
	default:
		return ""
	}
}

// ByVariable finds the setting of an environment variable.
func ByVariable(v Version, variable string) (Setting, bool) {
	return find(v, func(s *Setting) string { return s.Variable }, variable)
}

// ByFlag finds the setting of a flag, given without its dashes.
func ByFlag(v Version, flag string) (Setting, bool) {
	return find(v, func(s *Setting) string { return s.Flag }, flag)
}

// ByShorthand finds the setting of a flag of one letter, given without its dash.
func ByShorthand(v Version, letter string) (Setting, bool) {
	return find(v, func(s *Setting) string { return s.Shorthand }, letter)
}

// ByYAML finds the setting of a key in the config file, given as the path of
// keys with dots.
func ByYAML(v Version, path string) (Setting, bool) {
	return find(v, func(s *Setting) string { return s.YAML }, path)
}

func find(v Version, of func(*Setting) string, name string) (Setting, bool) {
	if name == "" {
		return Setting{}, false
	}
	all := tableOf(v).settings
	i := slices.IndexFunc(all, func(s Setting) bool { return of(&s) == name })
	if i < 0 {
		return Setting{}, false
	}
	return all[i], true
}
