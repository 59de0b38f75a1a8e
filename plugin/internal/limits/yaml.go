package limits

import "gopkg.in/yaml.v3"

// Document bounds a YAML document: how deep it is, and how much it is once every
// alias is written out.
func Document(doc *yaml.Node, name string) error {
	switch total := (scales{}).weigh(doc); {
	case total.levels > Depth.Most:
		return &ExceededError{name, Depth}
	case total.nodes > Size.Most:
		return &ExceededError{name, Size}
	}
	return nil
}

// weight is the size of a node with everything below it.
type weight struct{ nodes, levels int64 }

// scales remember the weight of what has an anchor, so that an alias costs no
// second walk.
type scales map[*yaml.Node]weight

func (s scales) weigh(node *yaml.Node) weight {
	if node.Kind == yaml.AliasNode {
		if known, ok := s[node.Alias]; ok {
			return known
		}
		// It stands inside of what it names, and so never ends.
		return weight{1, Depth.Most + 1}
	}
	total := weight{nodes: 1}
	for _, child := range node.Content {
		below := s.weigh(child)
		total.nodes = min(total.nodes+below.nodes, Size.Most+1)
		total.levels = max(total.levels, below.levels+1)
	}
	if node.Anchor != "" {
		s[node] = total
	}
	return total
}
