package chart

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"

	"helm.sh/helm/v3/pkg/chart"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// notFound is the API server's answer for what is not there.
var notFound = []byte(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"not found","reason":"NotFound","code":404}`)

// stand is put in the place of a text that is not known, or not to be shown.
const stand = "coder-ha-stand-in.invalid"

// mask puts other contents into each Secret of an answer, and leaves all that
// is no secret: which Secrets there are and which keys they have.
func mask(body []byte) []byte {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return body
	}
	maskSecret(object)
	items, _ := object["items"].([]any)
	for _, item := range items {
		if secret, ok := item.(map[string]any); ok {
			maskSecret(secret)
		}
	}
	return encoded(object)
}

func maskSecret(secret map[string]any) {
	if data, ok := secret["data"].(map[string]any); ok {
		for key := range data {
			data[key] = base64.StdEncoding.EncodeToString([]byte(stand))
		}
	}
	// kubectl apply keeps a copy of the whole Secret.
	metadata, _ := secret["metadata"].(map[string]any)
	if annotations, ok := metadata["annotations"].(map[string]any); ok {
		const copied = "kubectl.kubernetes.io/last-applied-configuration"
		if annotations[copied] != nil {
			annotations[copied] = stand
		}
	}
}

// suppose makes up what may not be read: an object that has every key which the
// templates could ask it for.
func suppose(lookup deployment.Lookup, words []string) []byte {
	text := stand
	if lookup.Resource == "secrets" {
		text = base64.StdEncoding.EncodeToString([]byte(stand))
	}
	data := map[string]any{}
	for _, word := range words {
		data[word] = text
	}
	object := map[string]any{
		"apiVersion": "v1", "kind": "Supposed",
		"metadata": map[string]any{"name": lookup.Name, "namespace": lookup.Namespace},
		"data":     data,
	}
	if lookup.Verb == "list" {
		object["metadata"].(map[string]any)["name"] = stand
		object = map[string]any{"apiVersion": "v1", "kind": "SupposedList", "metadata": map[string]any{}, "items": []any{object}}
	}
	return encoded(object)
}

// encoded writes what was read from JSON, or made for it, as JSON again, which
// cannot fail.
func encoded(object map[string]any) []byte {
	text, err := json.Marshal(object)
	if err != nil {
		return notFound
	}
	return text
}

// wordPattern is what a key of a Secret or ConfigMap looks like.
var wordPattern = regexp.MustCompile(`[A-Za-z0-9_][A-Za-z0-9_.-]*`)

// wordsOf are all words of the templates and of the values, which is where the
// keys stand that a template asks an object for.
func wordsOf(loaded *chart.Chart, values map[string]any) []string {
	seen := map[string]bool{}
	add := func(text string) {
		for _, word := range wordPattern.FindAllString(text, -1) {
			seen[word] = true
			for part := range strings.SplitSeq(word, ".") {
				seen[part] = true
			}
		}
	}
	var visit func(*chart.Chart)
	visit = func(c *chart.Chart) {
		for _, file := range c.Templates {
			add(string(file.Data))
		}
		add(string(encoded(c.Values)))
		for _, dependency := range c.Dependencies() {
			visit(dependency)
		}
	}
	visit(loaded)
	add(string(encoded(values)))
	words := make([]string, 0, len(seen))
	for word := range seen {
		words = append(words, word)
	}
	return words
}
