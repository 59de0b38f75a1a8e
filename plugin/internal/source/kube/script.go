package kube

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

var (
	shells = []string{"sh", "bash", "ash", "dash", "zsh"}
	// inits run the program behind them as it is.
	inits = []string{"tini", "dumb-init", "catatonit"}
	// assignment and option find what a shell script sets.
	assignment = regexp.MustCompile(`\b(CODER_[A-Z0-9_]+)=`)
	option     = regexp.MustCompile(`(?:^|\s)--([a-z][a-z0-9-]*)`)
	// sourcing finds scripts that read variables from elsewhere.
	sourcing = regexp.MustCompile(`(?m)(^|[;&|]|\s)(source|\.|eval|set -a)\s`)
	// startsServer and startsOther find what a script makes of the coder binary.
	startsServer = regexp.MustCompile(`\bcoder["']?\s+server\b`)
	startsOther  = regexp.MustCompile(`\bcoder["']?\s+(` + strings.Join(otherCommands, "|") + `)\b`)
)

// programAt is the index of the word that names the program which a container
// runs.
func programAt(words []string) int {
	at := 0
	for at < len(words) && (slices.Contains(inits, path.Base(words[at])) || at > 0 && strings.HasPrefix(words[at], "-")) {
		at++
	}
	return at
}

const scriptProof = "set it in the container's env instead"

// opaque records something that may set any variable.
func (e *environment) opaque(what string) {
	e.replica.Opaque = append(e.replica.Opaque, deployment.Opaque{What: what, Proof: scriptProof})
}

// script reads what a shell is given. A script is not run; what it sets is
// unknown, and so is all of it where only its file is named.
func (e *environment) script(words []string) {
	what := "the shell script of container " + e.spec.Name
	text := strings.Join(words, "\n")
	for _, name := range settings(e.w.version, text) {
		e.replica.Variables[name] = deployment.Value{
			State: deployment.Unknown, Why: what + " sets " + name, Proof: scriptProof, Origin: e.origin(e.path("args")),
		}
	}
	inline := slices.ContainsFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.HasSuffix(w, "c")
	})
	if !inline || sourcing.MatchString(text) || !startsServer.MatchString(text) && !strings.Contains(text, "$@") {
		e.opaque(what)
	}
}

// settings are the variables that a script sets, by themselves or as flags.
func settings(v coder.Version, text string) []string {
	var names []string
	for _, m := range assignment.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	for _, m := range option.FindAllStringSubmatch(text, -1) {
		names = append(names, coder.VariableOf(v, m[1]))
	}
	return names
}

// runsOther says whether a command line runs the coder binary for something else
// than coderd.
func runsOther(words []string) bool {
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(otherCommands, w) }) {
		return true
	}
	text := strings.Join(words, "\n")
	return startsOther.MatchString(text) && !startsServer.MatchString(text)
}
