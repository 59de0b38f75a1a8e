package checktest

import "maps"

// identities are the keys by which elements of a list are told from each other.
var identities = []string{"id", "name", "pod", "hostname", "position", "from", "to"}

// without leaves out of a tree what a change says anything about.
func without(base, change any) any {
	switch change := change.(type) {
	case map[string]any:
		if in, ok := base.(map[string]any); ok {
			return mapWithout(in, change)
		}
	case []any:
		if in, ok := base.([]any); ok && ofMaps(change) {
			return listWithout(in, change)
		}
	case nil:
		return base
	}
	return nil
}

func mapWithout(base, change map[string]any) any {
	for key, said := range change {
		in, ok := base[key]
		if !ok {
			continue
		}
		if left := without(in, said); left != nil {
			base[key] = left
		} else {
			delete(base, key)
		}
	}
	if len(base) == 0 {
		return nil
	}
	return base
}

// listWithout drops those elements of which only the name is left, and a variable as
// a whole: where it stands is a part of what a change says.
func listWithout(base, change []any) any {
	for i, said := range change {
		element, _ := said.(map[string]any)
		at := find(base, element, i)
		if at < 0 {
			continue
		}
		names, rest := split(element)
		left := base[at].(map[string]any)
		if !variable(left) {
			mapWithout(left, rest)
		}
		if variable(left) || len(left) == len(names) && len(names) > 0 {
			base = append(base[:at:at], base[at+1:]...)
		}
	}
	if len(base) == 0 {
		return nil
	}
	return base
}

// variable says whether an element is one of a list of variables, where a name may stand
// twice.
func variable(element map[string]any) bool {
	_, value := element["value"]
	_, from := element["valueFrom"]
	return value || from
}

// merged is a tree with a change in it.
func merged(base, change any) any {
	switch change := change.(type) {
	case map[string]any:
		in, ok := base.(map[string]any)
		if !ok {
			in = map[string]any{}
		}
		for key, said := range change {
			in[key] = merged(in[key], said)
		}
		return in
	case []any:
		in, ok := base.([]any)
		if !ok || !ofMaps(change) {
			return change
		}
		for i, said := range change {
			element, _ := said.(map[string]any)
			if at := find(in, element, i); at >= 0 && !variable(element) {
				in[at] = merged(in[at], element)
			} else {
				in = append(in, merged(nil, element))
			}
		}
		return in
	case nil:
		return base
	default:
		return change
	}
}

// find is the index of the element that a change is about: the one of its name, or
// the one in its place if it has none.
func find(list []any, element map[string]any, i int) int {
	names, _ := split(element)
	if len(names) == 0 {
		if i < len(list) {
			return i
		}
		return -1
	}
	for at, other := range list {
		if in, ok := other.(map[string]any); ok && has(in, names) {
			return at
		}
	}
	return -1
}

func has(in, names map[string]any) bool {
	for key, name := range names {
		if in[key] != name {
			return false
		}
	}
	return true
}

// split parts the name of an element from the rest of it. An id is a whole name.
func split(element map[string]any) (names, rest map[string]any) {
	names, rest = map[string]any{}, maps.Clone(element)
	for _, key := range identities {
		name, ok := element[key]
		if !ok {
			continue
		}
		names[key] = name
		delete(rest, key)
		if key == "id" {
			break
		}
	}
	return names, rest
}

func ofMaps(list []any) bool {
	for _, element := range list {
		if _, ok := element.(map[string]any); !ok && element != nil {
			return false
		}
	}
	return true
}
