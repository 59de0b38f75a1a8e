package checks

import (
	"slices"

	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

// Selection picks checks. An empty list leaves its question open.
type Selection struct {
	// Areas, Severities and Needs are what a check has one of, by their names.
	Areas, Severities, Needs []string
}

// Of is what is picked, in the order that was.
func (s Selection) Of(all []check.Check) []check.Check {
	var out []check.Check
	for _, c := range all {
		if among(s.Areas, c.Area.ID) && among(s.Severities, c.Severity.String()) && among(s.Needs, names(c.Needs)...) {
			out = append(out, c)
		}
	}
	return out
}

func among(allowed []string, has ...string) bool {
	return len(allowed) == 0 || slices.ContainsFunc(has, func(one string) bool { return slices.Contains(allowed, one) })
}

func names(kinds []facts.Kind) []string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return out
}

// Areas are the ids of all areas, in the order of reports.
func Areas() []string {
	var out []string
	for _, c := range All() {
		if !slices.Contains(out, c.Area.ID) {
			out = append(out, c.Area.ID)
		}
	}
	return out
}

// Needs are the kinds of evidence that some check needs.
func Needs() []string {
	var out []string
	for _, c := range All() {
		for _, name := range names(c.Needs) {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}
