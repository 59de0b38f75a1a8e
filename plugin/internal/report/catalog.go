package report

import (
	"encoding/json"

	"github.com/coder-ha/coder-ha/plugin/internal/border"
	"github.com/coder-ha/coder-ha/plugin/internal/check"
	"github.com/coder-ha/coder-ha/plugin/internal/facts"
)

type jsonCatalog struct {
	SchemaVersion string         `json:"schemaVersion"`
	Checks        []jsonDeclared `json:"checks"`
}

type jsonDeclared struct {
	ID       string         `json:"id"`
	Area     string         `json:"area"`
	Severity check.Severity `json:"severity"`
	Title    string         `json:"title"`
	Why      string         `json:"why"`
	Example  string         `json:"example"`
	Change   string         `json:"change"`
	Remedy   string         `json:"remedy"`
	Needs    []facts.Kind   `json:"needs"`
	Uses     []facts.Kind   `json:"uses"`
	Docs     string         `json:"docs"`
}

// ListJSON writes all that is declared of the checks, as JSON.
func ListJSON(w *border.Writer, all []check.Check) error {
	out := jsonCatalog{SchemaVersion: SchemaVersion, Checks: []jsonDeclared{}}
	for _, c := range all {
		out.Checks = append(out.Checks, jsonDeclared{
			ID: c.ID, Area: c.Area.ID, Severity: c.Severity, Title: c.Title, Why: c.Why, Example: c.Example, Change: c.Change, Remedy: c.Remedy,
			Needs: listOf(c.Needs), Uses: listOf(c.Uses), Docs: DocsURL(c.ID),
		})
	}
	w = w.JSON()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	return w.Flush()
}

// listOf is a list that JSON writes as one where it is empty.
func listOf(kinds []facts.Kind) []facts.Kind { return append([]facts.Kind{}, kinds...) }
