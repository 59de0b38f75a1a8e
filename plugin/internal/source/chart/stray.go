package chart

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/nearest"
)

// strayKeys finds the keys of the user's values that the chart does not read where
// they stand, and that look like one which it reads elsewhere or by another name. A
// key that resembles none may be the user's own, and one below an object of
// Kubernetes is not looked at.
func strayKeys(loaded *chart.Chart, values map[string]any, origins Origins) []deployment.StrayKey {
	s := &strays{
		chart: loaded, origins: origins, schema: readKeySchema(loaded.Schema),
		templates: templatesOf(loaded), given: string(encoded(values)),
	}
	s.walk(nil, values, loaded.Values, s.schema)
	return s.found
}

type strays struct {
	chart     *chart.Chart
	origins   Origins
	templates string
	// given is the text of the values, where templates of the user's may stand.
	given  string
	schema *keySchema
	found  []deployment.StrayKey
}

// keySchema is what is read of a chart's schema: which keys there are.
type keySchema struct {
	Properties map[string]*keySchema `json:"properties"`
	Additional json.RawMessage       `json:"additionalProperties"`
}

// readKeySchema is nil where the chart has no schema that can be read.
func readKeySchema(text []byte) *keySchema {
	var out keySchema
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return &out
}

// templatesOf is the text of all templates of a chart and of its parts.
func templatesOf(loaded *chart.Chart) string {
	var text strings.Builder
	for _, file := range loaded.Templates {
		text.Write(file.Data)
		text.WriteByte('\n')
	}
	for _, part := range loaded.Dependencies() {
		text.WriteString(templatesOf(part))
	}
	return text.String()
}

// walk looks at the keys of one object of the chart's.
func (s *strays) walk(path []string, values, defaults map[string]any, schema *keySchema) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		at := append(slices.Clone(path), key)
		var described *keySchema
		if schema != nil {
			described = schema.Properties[key]
		}
		known, isDefault := defaults[key]
		switch {
		case len(path) == 0 && s.isPart(key):
		case isDefault || described != nil:
			below, isMap := values[key].(map[string]any)
			knownBelow, hasBelow := known.(map[string]any)
			if isMap && hasBelow && s.ofChart(at, described) {
				s.walk(at, below, knownBelow, described)
			}
		case s.reads(at):
		default:
			if meant := s.meant(path, key, defaults); len(meant) > 0 {
				file, line := s.origins.Key(at)
				s.found = append(s.found, deployment.StrayKey{
					Path: strings.Join(at, "."), Meant: meant, Origin: deployment.Origin{File: file, Line: line},
				})
			}
		}
	}
}

// isPart says whether a key at the top is for the charts that this one is made of.
func (s *strays) isPart(key string) bool {
	return key == "global" || slices.ContainsFunc(s.chart.Metadata.Dependencies, func(d *chart.Dependency) bool {
		return d.Name == key || d.Alias == key
	})
}

// ofChart says whether the keys of an object are the chart's, by its schema or
// because a template reads one of them. The keys of others are Kubernetes' or the
// user's.
func (s *strays) ofChart(path []string, schema *keySchema) bool {
	if schema != nil {
		return len(schema.Properties) > 0 && string(schema.Additional) != "true"
	}
	return strings.Contains(s.templates, ".Values."+strings.Join(path, ".")+".")
}

// reads says whether a template may read a key: by its path, or, where no schema
// says which keys there are, relative to something else or by a name in quotes.
func (s *strays) reads(path []string) bool {
	key := path[len(path)-1]
	whole := regexp.MustCompile(regexp.QuoteMeta(".Values."+strings.Join(path, ".")) + `\b`)
	if whole.MatchString(s.templates) || whole.MatchString(s.given) {
		return true
	}
	if s.schema != nil {
		return false
	}
	if strings.Contains(s.templates, `"`+key+`"`) {
		return true
	}
	references := regexp.MustCompile(`[A-Za-z0-9_.$)]*\.`+regexp.QuoteMeta(key)+`\b`).FindAllString(s.templates, -1)
	return slices.ContainsFunc(references, func(reference string) bool {
		return strings.ContainsAny(reference[:1], ".$)") && !strings.Contains(reference, ".Values.")
	})
}

// meant are the keys that an unknown one is probably meant for: those of that name
// elsewhere, or a similar one beside it.
func (s *strays) meant(path []string, key string, beside map[string]any) []string {
	var same []string
	var look func(path []string, values map[string]any)
	look = func(path []string, values map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			at := append(slices.Clone(path), name)
			if strings.EqualFold(name, key) {
				same = append(same, strings.Join(at, "."))
			}
			if below, ok := values[name].(map[string]any); ok {
				look(at, below)
			}
		}
	}
	look(nil, s.chart.Values)
	name, near := nearest.To(key, slices.Sorted(maps.Keys(beside)))
	const few = 3
	if near && (len(same) == 0 || len(same) > few || strings.HasPrefix(key, name) || strings.HasPrefix(name, key)) {
		return []string{strings.Join(append(slices.Clone(path), name), ".")}
	}
	if len(same) > few {
		return nil
	}
	return same
}
