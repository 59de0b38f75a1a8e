package secrets

import (
	"net/url"
	"strings"
)

// AddURL makes the user info of a URL known, as it stands and as it is meant.
func (k *Known) AddURL(text string) {
	_, rest, found := strings.Cut(text, "://")
	at := strings.LastIndexByte(rest, '@')
	if !found || at < 0 {
		return
	}
	user, password, has := strings.Cut(rest[:at], ":")
	if !has {
		password = user
	}
	k.Add(password)
	if decoded, err := url.PathUnescape(password); err == nil {
		k.Add(decoded)
	}
}

// AddSetting makes the value of a setting known if it is a secret by the setting's
// name or by its own form, and the user info of the URLs in it.
func (k *Known) AddSetting(name, value string) {
	k.AddURL(value)
	if privateKey().MatchString(value) || secretSetting().MatchString(name) && !ordinary().MatchString(value) {
		k.Add(value)
	}
}

// AddTree does the same for every setting in what was read from YAML or JSON: a
// mapping of names to values, or a list of names with values, as variables are.
func (k *Known) AddTree(tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		if name, ok := tree["name"].(string); ok {
			if value, ok := tree["value"].(string); ok {
				k.AddSetting(name, value)
			}
		}
		for name, value := range tree {
			if text, ok := value.(string); ok {
				k.AddSetting(name, text)
				continue
			}
			k.AddTree(value)
		}
	case []any:
		for _, item := range tree {
			if text, ok := item.(string); ok {
				k.AddURL(text)
				continue
			}
			k.AddTree(item)
		}
	}
}

var (
	// secretSetting is the name of a setting whose value is a secret, and not the
	// name of one.
	secretSetting = lazily(`(?i)` + secretName + `s?$`)
	// ordinary is a value that is a switch, a number, a path, a reference or a URL
	// of its own.
	ordinary = lazily(`^(?i:true|false|yes|no|none|null|\d{1,5}|/\S*|\$\(.*\)|[a-z][a-z0-9+.-]*://.*)$`)
)
