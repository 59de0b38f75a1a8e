package inject

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// planned is the env of a container: its items, and for each an entry that it is
// meant to say, nil where it is one that stays.
type planned struct {
	items   []*yaml.Node
	entries []*coder.Entry
	// written says that the items are those of the result.
	written bool
}

// digest stands for what a file says.
type digest [sha256.Size]byte

// sum is a digest of what a file says, with each planned env as it is meant to be. A
// digest of the input outlives its nodes, so that only one tree is in memory at once.
func (in *Input) sum(file string, plans map[*yaml.Node]planned) digest {
	s := summer{hash: sha256.New(), plans: plans}
	for _, o := range in.objects {
		if o.File == file {
			s.node(o.Node())
		}
	}
	return digest(s.hash.Sum(nil))
}

type summer struct {
	hash   hash.Hash
	plans  map[*yaml.Node]planned
	buffer []byte
}

// texts adds texts with their lengths, so that no two lists of them look the same.
func (s *summer) texts(texts ...string) {
	for _, text := range texts {
		s.number(len(text))
		_, _ = s.hash.Write([]byte(text))
	}
}

func (s *summer) number(n int) {
	s.buffer = binary.AppendVarint(s.buffer[:0], int64(n))
	_, _ = s.hash.Write(s.buffer)
}

// node adds what a node says, and not how it is written.
func (s *summer) node(n *yaml.Node) {
	s.number(int(n.Kind))
	s.texts(n.Tag, n.Value, n.Anchor)
	if p, ok := s.plans[n]; ok {
		s.container(n, p)
		return
	}
	s.number(len(n.Content))
	for _, child := range n.Content {
		s.node(child)
	}
}

// container adds a container with a planned env.
func (s *summer) container(n *yaml.Node, p planned) {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value != "env" {
			s.node(n.Content[i])
			s.node(n.Content[i+1])
		}
	}
	s.number(len(p.items))
	for i, item := range p.items {
		switch entry := p.entry(i); {
		case entry == nil:
			s.node(item)
		case !p.written || says(item, *entry):
			s.texts(entry.Name, entry.Value, entry.FieldPath)
		default:
			s.texts("otherwise")
		}
	}
}

func (p planned) entry(i int) *coder.Entry {
	if i >= len(p.entries) {
		return nil
	}
	return p.entries[i]
}

// planned is what shall become of the list.
func (l *list) planned() planned {
	var p planned
	for _, s := range l.slots {
		p.items, p.entries = append(p.items, s.item), append(p.entries, s.entry)
	}
	return p
}
