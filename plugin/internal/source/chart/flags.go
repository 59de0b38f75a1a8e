package chart

import (
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/strvals"
)

// valueFlag is a flag that holds values in its text.
type valueFlag struct {
	flag  string
	texts []string
	parse func(string) (map[string]any, error)
	form  string
}

// valueFlags are those of them that can be read alone, in the order in which Helm
// merges them.
func valueFlags(v values.Options) []valueFlag {
	const form = "write KEY=VALUE, with a backslash before each comma of a value"
	return []valueFlag{
		{"--set-json", v.JSONValues, parseJSON, "write KEY=JSON"},
		{"--set", v.Values, strvals.Parse, form},
		{"--set-string", v.StringValues, strvals.ParseString, form},
	}
}

// parseFlags refuses texts that do not parse. Helm's own error quotes them, and
// they may hold a password; this one names the key.
func parseFlags(v values.Options) error {
	for _, f := range valueFlags(v) {
		for _, text := range f.texts {
			if _, err := f.parse(text); err == nil {
				continue
			}
			name := f.flag
			if key, _, found := strings.Cut(text, "="); found && !strings.HasPrefix(strings.TrimSpace(key), "{") {
				name += " " + key
			}
			return fmt.Errorf("%s: the values do not parse: %s", name, f.form)
		}
	}
	return nil
}

func parseJSON(text string) (map[string]any, error) {
	out := map[string]any{}
	return out, strvals.ParseJSON(text, out)
}
