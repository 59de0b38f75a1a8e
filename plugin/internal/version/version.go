// Package version holds the version of this program.
package version

// Version is that of plugin.yaml; the build sets it with -ldflags.
var Version = unreleased

const unreleased = "0.0.0-dev"

// Ref is the Git reference of the sources of this version.
func Ref() string {
	if Version == unreleased {
		return "main"
	}
	return "v" + Version
}
