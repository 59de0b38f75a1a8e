package coder

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// file applies the config file, if there is one, to the settings that neither a
// flag nor a variable gave.
func (in *reader) file() {
	at := slices.IndexFunc(in.settings, func(s Setting) bool { return s.Type == TypeConfigFile })
	if at < 0 {
		return
	}
	path := in.at(&in.settings[at])
	if path.Text == "" && !path.Unknown {
		return
	}
	text, err := "", ErrUnread
	if !path.Unknown && in.ReadFile != nil {
		text, err = in.ReadFile(path.Text)
	}
	if errors.Is(err, ErrUnread) {
		in.fileUnread()
		return
	}
	if err != nil {
		in.refuse(*path, "names a file that cannot be read")
		return
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		in.refuse(*path, "names a file that is not YAML")
		return
	}
	root := &document
	if root.Kind == yaml.DocumentNode {
		root = root.Content[0]
	}
	nodes := map[string]*yaml.Node{}
	if !collect(root, "", nodes) {
		in.refuse(*path, "names a file that is not a map of settings")
		return
	}
	in.apply(nodes)
}

// fileUnread makes unknown what a config file may say.
func (in *reader) fileUnread() {
	for i := range in.settings {
		if s := &in.settings[i]; s.YAML != "" && in.sources[s.key()] == FromNothing {
			in.sources[s.key()] = FromFile
			in.at(s).unknown(FromFile)
		}
	}
}

// collect finds the values of a map and of the maps in it, by path with dots. A
// key may hold dots itself. ok is false where coderd cannot read it.
func collect(node *yaml.Node, prefix string, into map[string]*yaml.Node) (ok bool) {
	if node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return false
		}
		into[prefix+key.Value] = value
		if value.Kind == yaml.MappingNode && !collect(value, prefix+key.Value+".", into) {
			return false
		}
	}
	return true
}

// apply sets what the nodes of a config file give, and notes what they give that
// is no setting.
func (in *reader) apply(nodes map[string]*yaml.Node) {
	known := map[string]bool{}
	for _, s := range in.settings {
		if s.YAML == "" {
			continue
		}
		for at := 0; at >= 0; {
			// The group of a setting is nothing to complain about, whatever it is.
			if next := strings.Index(s.YAML[at:], "."); next >= 0 {
				delete(nodes, s.YAML[:at+next])
				at += next + 1
			} else {
				at = -1
			}
		}
		node, ok := nodes[s.YAML]
		if !ok {
			continue
		}
		known[s.YAML] = true
		if in.sources[s.key()] != FromNothing {
			continue
		}
		in.sources[s.key()] = FromFile
		at := At{FromFile, node.Line}
		if reason := in.assignNode(s, node, at); reason != "" {
			in.problem(Problem{Setting: s, At: at, Reason: reason})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(nodes)) {
		if !within(path, known) {
			in.problem(Problem{
				At: At{FromFile, nodes[path].Line}, Reason: "there is no setting " + path + " in a config file",
				Doubt: doubt(in.Version, func(s *Setting) bool { return s.YAML == path }),
			})
		}
	}
}

// within says whether the path, or what it lies in, is known.
func within(path string, known map[string]bool) bool {
	for at := range path {
		if path[at] == '.' && known[path[:at]] {
			return true
		}
	}
	return known[path]
}

// assignNode gives a setting what a config file says, or returns what is wrong
// with it. What a validator wraps is not validated here, nor read from text.
func (in *reader) assignNode(s Setting, node *yaml.Node, at At) string {
	switch {
	case s.Type == TypeStruct:
		in.at(&s).unknown(FromFile)
		return ""
	case s.Validated:
		return in.decode(s, node, at)
	case !slices.Contains([]Type{TypeString, TypeBool, TypeInt, TypeList, TypeConfigFile}, s.Type):
		return in.assign(s, node.Value, at)
	case node.Kind == yaml.ScalarNode:
		return in.assign(s, node.Value, at)
	case node.Kind == yaml.SequenceNode && len(node.Content) == 0:
		return in.assign(s, "", at)
	case node.Kind == yaml.SequenceNode:
		return in.decode(s, node, at)
	}
	return "is not one that this setting can have"
}

// decode gives a setting what YAML itself makes of a node.
func (in *reader) decode(s Setting, node *yaml.Node, at At) string {
	v := in.at(&s)
	var err error
	switch s.Type {
	case TypeList:
		err = node.Decode(&v.List)
	case TypeInt:
		var n int64
		err = node.Decode(&n)
		v.Text = strconv.FormatInt(n, 10)
	case TypeBool:
		var on bool
		err = node.Decode(&on)
		v.Text = strconv.FormatBool(on)
	default:
		err = node.Decode(&v.Text)
	}
	if err != nil {
		return "is not one that this setting can have"
	}
	v.Given, v.Source, v.Unknown = []At{at}, FromFile, false
	return ""
}
