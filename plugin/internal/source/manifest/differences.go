package manifest

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// Differences are the nodes of objects that another rendering of them has
// otherwise. The zero value has none.
type Differences struct {
	nodes map[*yaml.Node]bool
	// absent are the keys and names that a mapping or list lacks and that the
	// other rendering has.
	absent map[*yaml.Node][]string
}

// Compare finds what of the objects is otherwise among the others. Objects are
// matched by kind and name, items of a list by their name where they have one.
func Compare(objects, others []Object) Differences {
	d := Differences{nodes: map[*yaml.Node]bool{}, absent: map[*yaml.Node][]string{}}
	for _, o := range objects {
		at := slices.IndexFunc(others, func(other Object) bool {
			return o.Kind == other.Kind && o.Group() == other.Group() && o.Namespace == other.Namespace && o.Name == other.Name
		})
		if at < 0 {
			d.nodes[o.root()] = true
			for i := 0; i+1 < len(o.root().Content); i += 2 {
				if key := o.root().Content[i].Value; key != "apiVersion" && key != "kind" {
					d.add(o.root().Content[i+1])
				}
			}
			continue
		}
		d.compare(o.root(), others[at].root())
	}
	return d
}

// At says whether anything at or below the path differs.
func (d Differences) At(o Object, path ...any) bool {
	return len(d.nodes) > 0 && d.below(o.Node(path...))
}

// Absent are the keys, or the names of items, that only the other rendering has.
func (d Differences) Absent(o Object, path ...any) []string { return d.absent[o.Node(path...)] }

// Texts are the scalars of the object that differ.
func (d Differences) Texts(o Object) []string {
	var texts []string
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		if node.Kind == yaml.ScalarNode && d.nodes[node] {
			texts = append(texts, node.Value)
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(o.root())
	return texts
}

func (d Differences) below(node *yaml.Node) bool {
	return node != nil && (d.nodes[node] || slices.ContainsFunc(node.Content, d.below))
}

// add takes a node and all below it, but for the keys of mappings.
func (d Differences) add(node *yaml.Node) {
	d.nodes[node] = true
	for i, child := range node.Content {
		if node.Kind != yaml.MappingNode || i%2 == 1 {
			d.add(child)
		}
	}
}

func (d Differences) compare(a, b *yaml.Node) {
	switch {
	case b == nil || a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value:
		d.add(a)
	case a.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(a.Content); i += 2 {
			d.compare(a.Content[i+1], value(b, a.Content[i].Value))
		}
		for i := 0; i+1 < len(b.Content); i += 2 {
			if key := b.Content[i].Value; value(a, key) == nil {
				d.absent[a] = append(d.absent[a], key)
			}
		}
	case a.Kind == yaml.SequenceNode:
		d.compareItems(a, b)
	}
}

func (d Differences) compareItems(a, b *yaml.Node) {
	for i, item := range a.Content {
		if scalar(item, "name") != "" {
			d.compare(item, named(b, scalar(item, "name")))
			continue
		}
		d.compare(item, Child(b, i))
	}
	for _, item := range b.Content {
		if name := scalar(item, "name"); name != "" && named(a, name) == nil {
			d.absent[a] = append(d.absent[a], name)
		}
	}
}

// named is the last item of a list that has the name.
func named(list *yaml.Node, name string) *yaml.Node {
	for _, item := range slices.Backward(list.Content) {
		if scalar(item, "name") == name {
			return item
		}
	}
	return nil
}
