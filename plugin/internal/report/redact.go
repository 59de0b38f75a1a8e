package report

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// fromSecret stands where a text of a Secret was.
const fromSecret = "(from a Secret)"

// redact takes texts out of everything that a report holds, but for what checks
// declare of themselves. It changes what the report points to.
func redact(r *Report, secrets []string) {
	if len(secrets) == 0 {
		return
	}
	// Longer ones first: where one begins with another, nothing of it is left over.
	longestFirst := slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, text := range longestFirst {
		pairs = append(pairs, text, fromSecret)
	}
	declared := slices.Clone(r.Outcomes)
	rewrite(reflect.ValueOf(r).Elem(), strings.NewReplacer(pairs...).Replace)
	for i, o := range declared {
		r.Outcomes[i].ID, r.Outcomes[i].Area, r.Outcomes[i].Title, r.Outcomes[i].Why = o.ID, o.Area, o.Title, o.Why
		r.Outcomes[i].Status, r.Outcomes[i].Skip.See = o.Status, o.Skip.See
	}
}

// rewrite changes every string that a value leads to. Text of a new field is
// found by itself.
func rewrite(v reflect.Value, change func(string) string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(change(v.String()))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			rewrite(v.Elem(), change)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			rewrite(field, change)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			rewrite(v.Index(i), change)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			rewrite(value, change)
			v.SetMapIndex(key, value)
		}
	default:
	}
}
