package deployment

import "strings"

// Lookups is what the templates of a chart asked the cluster for.
type Lookups struct {
	// Server is the address of the cluster; empty where the chart was rendered
	// without one, and every lookup found nothing.
	Server string `json:"server,omitempty"`
	// Answered are those that the cluster answered, with an object or with none.
	Answered []Lookup `json:"answered,omitempty"`
	// Open are those that were not answered: rendered as if nothing was there.
	Open []Lookup `json:"open,omitempty"`
	// Refused says that the chart refused its values. What it would have rendered
	// is then made without any lookup.
	Refused bool `json:"refused,omitempty"`
}

// Lookup is one request of a template.
type Lookup struct {
	// Verb is get or list.
	Verb string `json:"verb"`
	// Resource is the plural name, with its group: statefulsets.apps. It is a
	// path for what is not an object: /version.
	Resource string `json:"resource"`
	// Namespace is empty for what is in none, or for all.
	Namespace string `json:"namespace,omitempty"`
	// Name is empty for a list.
	Name string `json:"name,omitempty"`
}

// GrantLookups says how to have open lookups answered.
const GrantLookups = "grant this user those rights, or use the kubeconfig of a user who has them"

// String names what was asked for: secrets coder/coder-db-url.
func (l Lookup) String() string {
	return strings.TrimSpace(l.Resource + " " + strings.Trim(l.Namespace+"/"+l.Name, "/"))
}

// Right names what a role must hold to be answered: the verb get on secrets in
// namespace coder.
func (l Lookup) Right() string {
	right := "the verb " + l.Verb + " on " + l.Resource
	if l.Namespace != "" {
		right += " in namespace " + l.Namespace
	}
	return right
}
