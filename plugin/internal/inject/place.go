package inject

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/source/kube"
	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// place is a container in the nodes of a stream.
type place struct {
	container         *yaml.Node
	parentKey, parent *yaml.Node
}

// locate goes down to a container. What other parts of the document share cannot
// be changed for coderd alone.
func (in *Input) locate(p kube.Place) (place, error) {
	node := p.Object.Node()
	var out place
	for _, step := range p.Path {
		if err := in.shared(node, p.Object); err != nil {
			return place{}, err
		}
		switch step := step.(type) {
		case string:
			at := keyAt(node, step)
			if at < 0 {
				return place{}, in.refuse(p.Object, node, "its containers come from a merge key (<<)")
			}
			out.parentKey, out.parent = node.Content[at], node.Content[at+1]
			node = out.parent
		case int:
			node = node.Content[step]
		}
	}
	out.container = node
	if err := in.shared(node, p.Object); err != nil {
		return place{}, err
	}
	at := keyAt(node, "env")
	if at < 0 {
		if len(p.Container.Env) > 0 {
			return place{}, in.refuse(p.Object, node, "its env comes from a merge key (<<)")
		}
		return out, nil
	}
	env := node.Content[at+1]
	if env.Kind == yaml.SequenceNode && len(env.Content) != len(p.Container.Env) {
		return place{}, in.refuse(p.Object, env, "its env is not what Kubernetes makes of it")
	}
	return out, in.shared(env, p.Object)
}

// shared refuses a node that is an alias, or that an alias elsewhere repeats.
func (in *Input) shared(n *yaml.Node, o manifest.Object) error {
	switch {
	case n.Kind == yaml.AliasNode:
		return in.refuse(o, n, "it is the alias *"+n.Value+", which others may share")
	case in.aliased[n]:
		return in.refuse(o, n, "an alias repeats its anchor &"+n.Anchor+" elsewhere")
	default:
		return nil
	}
}

// refuse says why coderd's container cannot be changed.
func (*Input) refuse(o manifest.Object, n *yaml.Node, why string) error {
	return fmt.Errorf("%s:%d: %s: the env of coderd's container cannot be changed: %s: write it out there", o.File, n.Line, o, why)
}

// aliases collects the nodes that aliases repeat.
func aliases(n *yaml.Node, into map[*yaml.Node]bool) {
	if n.Kind == yaml.AliasNode {
		into[n.Alias] = true
		return
	}
	for _, child := range n.Content {
		aliases(child, into)
	}
}
