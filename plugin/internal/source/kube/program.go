package kube

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// program is what a container runs behind the wrappers and shells that start it.
type program struct {
	// coder says that it is the coder binary, and args are the words behind its name.
	coder bool
	args  []word
	// byImage says that the entry point of the image decides what args are for.
	byImage bool
	// set are the variables that wrappers and shells give it; one of state Missing
	// is taken away.
	set map[string]deployment.Value
	// opaque names what may set any variable; empty where nothing does.
	opaque string
}

// wrapper is a program that runs another one, which its words name.
type wrapper struct {
	// valued are its options of one letter whose value is the next word.
	valued string
	// operands is how many words stand before the other program.
	operands int
}

var wrappers = map[string]wrapper{
	"tini": {valued: "pe"}, "dumb-init": {valued: "r"}, "catatonit": {}, "exec": {valued: "a"}, "command": {}, "nohup": {}, "setsid": {},
	"nice": {valued: "n"}, "ionice": {valued: "cn"}, "stdbuf": {valued: "ioe"}, "time": {},
	"gosu": {operands: 1}, "su-exec": {operands: 1}, "s6-setuidgid": {operands: 1}, "timeout": {valued: "ks", operands: 1},
}

var shells = []string{"sh", "bash", "ash", "dash", "zsh"}

// binary is the name of Coder's program.
const binary = "coder"

// starter finds the program behind a command line.
type starter struct {
	// container is its name.
	container string
	// env is a variable of the container.
	env func(name string) deployment.Value
	// bare says that the image sets no variables but those of the system.
	bare bool
	// depth is how many shells run each other.
	depth int
}

// programOf is what a container runs.
func (s starter) programOf(c corev1.Container, words []word) program {
	repo, _, _ := deployment.SplitImage(c.Image)
	official := path.Base(repo) == binary
	s.bare = official
	switch {
	case len(c.Command) > 0:
		return s.behind(words)
	case len(words) == 0:
		return program{coder: official, args: []word{known("server")}}
	case runsSomething(words[0].text()):
		return s.behind(words)
	}
	// The entry point of Coder's own image is `coder server` (coder/coder
	// scripts/Dockerfile), that of another one is not known.
	p := program{coder: official, args: words, byImage: true}
	if first := words[0].text(); strings.HasPrefix(first, "-") {
		p.args = append([]word{known("server")}, words...)
	} else if first == "server" {
		p.coder = true
	}
	return p
}

func known(text string) word {
	return word{Value: deployment.Value{State: deployment.Known, Text: deployment.Text(text)}}
}

// runsSomething says whether a word names a program that is known.
func runsSomething(text string) bool {
	name := path.Base(text)
	_, wraps := wrappers[name]
	return wraps || name == binary || name == "env" || name == "busybox" || slices.Contains(shells, name)
}

// behind is the program that a command line runs in the end.
func (s starter) behind(words []word) program {
	p := program{set: map[string]deployment.Value{}}
	for len(words) > 0 {
		name := path.Base(words[0].text())
		wrap, wraps := wrappers[name]
		switch {
		case name == binary:
			p.coder, p.args = true, words[1:]
			return p
		case name == "busybox":
			words = words[1:]
		case name == "env":
			words = s.assigned(&p, words[1:])
		case wraps:
			words = behindOptions(words[1:], wrap)
		case slices.Contains(shells, name) && s.depth < maxShells:
			return s.shell(p, words[1:])
		default:
			return s.unknown(p, words)
		}
	}
	return p
}

// maxShells bounds how many shells that run each other are followed.
const maxShells = 8

// behindOptions are the words behind the options and operands of a wrapper.
func behindOptions(words []word, w wrapper) []word {
	for len(words) > 0 {
		text := words[0].text()
		if !strings.HasPrefix(text, "-") || text == "-" {
			break
		}
		words = words[1:]
		if text == "--" {
			break
		}
		if len(text) == 2 && strings.Contains(w.valued, text[1:]) && len(words) > 0 {
			words = words[1:]
		}
	}
	return words[min(w.operands, len(words)):]
}

// assigned takes the variables of `env` and returns the program behind them.
func (s starter) assigned(p *program, words []word) []word {
	for len(words) > 0 {
		text := words[0].text()
		name, value, isAssignment := strings.Cut(text, "=")
		switch {
		case text == "--":
		case text == "-u" && len(words) > 1:
			p.set[words[1].text()] = deployment.Value{}
			words = words[1:]
		case strings.HasPrefix(text, "--unset="):
			p.set[value] = deployment.Value{}
		case text == "-C" && len(words) > 1:
			words = words[1:]
		case strings.HasPrefix(text, "-"):
			// What is left of the environment, or of a word that is split, is not
			// followed.
			if text != "-v" && text != "-0" && !strings.HasPrefix(name, "--chdir") {
				p.opaque = "env, which starts container " + s.container
			}
		case isAssignment && name != "":
			p.set[name] = part(words[0], value)
		default:
			return words
		}
		words = words[1:]
	}
	return words
}

// part is a value with a part of a word's text.
func part(w word, text string) deployment.Value {
	v := w.Value
	if v.State == deployment.Unknown && deployment.Text(text).HasField(unknownField) {
		v.Partial = deployment.Text(text)
		return v
	}
	v.State, v.Text, v.Partial, v.Why, v.Proof, v.Key = deployment.Known, deployment.Text(text), "", "", "", nil
	return v
}

// unknown is a program that is not known: it may run what its words name, and give
// it any variable.
func (s starter) unknown(p program, words []word) program {
	p.opaque = "the program " + words[0].show() + " that starts container " + s.container
	for i, w := range words[1:] {
		rest := words[i+2:]
		switch {
		case path.Base(w.text()) == binary && (len(rest) > 0 || i > 0):
			p.coder, p.args = true, rest
			return p
		case i == 0 && w.text() == "server":
			p.args = words[1:]
			return p
		}
	}
	return p
}

// does is what coder does with the words, as far as the words tell: "" where it
// serves.
func (p program) does() string {
	return coder.Read(coder.Start{Args: texts(p.args), Plain: plain}).Other
}

func texts(words []word) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w.text()
	}
	return out
}
