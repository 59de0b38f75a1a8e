package kube

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// word is one word of a command line, as far as it is known.
type word struct {
	deployment.Value
	// block says that its lines are lines of the file.
	block bool
}

// text is the word with a symbol for each part that is not known.
func (w word) text() string {
	if w.State == deployment.Unknown {
		return string(w.Partial)
	}
	return string(w.Text)
}

// show is the word for people.
func (w word) show() string { return w.Show(deployment.Text(w.text())) }

// unknownField is the field of the symbols for what is not in the input.
const unknownField = "unknown"

// unknownText stands for something that is not in the input.
func unknownText(name string) string { return string(deployment.Symbol(unknownField, name)) }

// plain makes a text that parses as the real one will; it is not known where a
// part is not in the input.
func plain(text string) (string, bool) {
	t := deployment.Text(text)
	return t.Plain(), !t.HasField(unknownField)
}

// words are the words of the container's command and args, expanded as the kubelet
// does.
func (e *environment) words() []word {
	var out []word
	for i, text := range slices.Concat(e.spec.Command, e.spec.Args) {
		path := e.wordPath(i)
		w := word{Value: deployment.Value{State: deployment.Known, Origin: e.origin(path)}}
		e.expandInto(&w.Value, text, func(string) bool { return false })
		e.mark(&w.Value, e.w.object, path...)
		if node := e.w.object.Node(path...); node != nil {
			w.block = node.Style&yaml.LiteralStyle != 0
		}
		if w.State == deployment.Unknown && w.Partial == "" {
			w.Partial = deployment.Text(unknownText(w.Origin.Field))
		}
		out = append(out, w)
	}
	return out
}

// wordPath is where the i-th word of command and args stands.
func (e *environment) wordPath(i int) []any {
	if n := len(e.spec.Command); i >= n {
		return e.path("args", i-n)
	}
	return e.path("command", i)
}
