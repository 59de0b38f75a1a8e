package report

import (
	"reflect"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// clean takes secrets out of every text that a report holds and bounds it, but for
// what checks declare of themselves. It changes what the report points to.
func clean(r *Report, known *secrets.Known) {
	change(r, func(text string) string { return border.Clean(text, known) })
}

// inLines brings every text to what may stand in a text report: one line, or lines
// that are indented below the first.
func inLines(r *Report) {
	refusal := r.Deployment.Refusal
	var remedies []string
	each := func(do func(*check.Finding)) {
		for _, o := range r.Outcomes {
			for i := range o.Findings {
				do(&o.Findings[i])
			}
		}
	}
	each(func(f *check.Finding) { remedies = append(remedies, f.Remedy) })
	change(r, func(text string) string { return noKey(border.Line(text)) })
	r.Deployment.Refusal = border.Indented(noKey(border.Lines(refusal)), "    ")
	each(func(f *check.Finding) { f.Remedy, remedies = noKey(border.Lines(remedies[0])), remedies[1:] })
}

// noKey keeps a text from beginning a private key for the border, which would hide
// all that follows: clean has found those that are in it.
func noKey(text string) string { return strings.ReplaceAll(text, "-----BEGIN", "----- BEGIN") }

// change rewrites what a report holds of others.
func change(r *Report, by func(string) string) {
	declared := slices.Clone(r.Outcomes)
	rewrite(reflect.ValueOf(r).Elem(), by)
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
