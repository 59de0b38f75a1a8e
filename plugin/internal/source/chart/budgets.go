package chart

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/coder-ha/coder-ha/plugin/internal/source/manifest"
)

// releaseAnnotation is how Helm marks what a release of that name has made.
const releaseAnnotation = "meta.helm.sh/release-name"

// budgets are the PodDisruptionBudgets that lookups found in the cluster and that
// will be there beside what is rendered: those of another release, or of none.
func (l *lookups) budgets(release string) ([]manifest.Object, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []manifest.Object
	seen := map[string]bool{}
	for _, a := range l.order {
		if a.lookup == nil || a.lookup.Resource != "poddisruptionbudgets.policy" || a.code != http.StatusOK {
			continue
		}
		for _, item := range itemsOf(a.body) {
			metadata, _ := item["metadata"].(map[string]any)
			annotations, _ := metadata["annotations"].(map[string]any)
			if annotations[releaseAnnotation] == release {
				continue
			}
			item["apiVersion"], item["kind"] = "policy/v1", "PodDisruptionBudget"
			found, err := decode(string(encoded(item)), "")
			if err != nil {
				return nil, err
			}
			for _, o := range found {
				if !seen[o.String()] {
					all = append(all, o)
				}
				seen[o.String()] = true
			}
		}
	}
	return all, nil
}

// itemsOf are the objects of an answer, a list or a single one. The items of a list
// do not say what they are.
func itemsOf(body []byte) []map[string]any {
	var list struct {
		Items []map[string]any `json:"items"`
	}
	if bytes.Contains(body, []byte(`"items"`)) && json.Unmarshal(body, &list) == nil {
		return list.Items
	}
	var object map[string]any
	if json.Unmarshal(body, &object) != nil || object == nil {
		return nil
	}
	return []map[string]any{object}
}
