package coder

import (
	"cmp"
	"slices"
	"sync"
)

// table is what a version of coderd knows, made once. Nobody may change it.
type table struct {
	// settings are those of the server, by name, which is coderd's order.
	settings []Setting
	globals  []Setting
	// flags are both, in the order in which they are looked for.
	flags []Setting
	// keys is where a setting is stored, by key.
	keys map[string]string
	// stored are those that are no other name of another one.
	stored []Setting
}

// tables are those that were asked for, by version.
var tables sync.Map

func tableOf(v Version) *table {
	key := Version{Major: v.Major, Minor: v.Minor}
	if made, ok := tables.Load(key); ok {
		return made.(*table)
	}
	t := &table{settings: inVersion(settings, v), globals: inVersion(globals, v), keys: map[string]string{}}
	slices.SortStableFunc(t.settings, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	t.flags = slices.Concat(t.settings, t.globals)
	for _, s := range t.settings {
		t.keys[s.key()] = cmp.Or(s.SameAs, s.key())
		if s.SameAs == "" {
			t.stored = append(t.stored, s)
		}
	}
	made, _ := tables.LoadOrStore(key, t)
	return made.(*table)
}
