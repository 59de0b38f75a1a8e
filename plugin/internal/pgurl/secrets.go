package pgurl

import (
	"regexp"
	"strings"
)

// secretParam is a setting of a URL that is a secret by its name.
var secretParam = regexp.MustCompile(`(?i)pass|pwd|secret|token`)

// Parts tells the secrets of a URL, as they are written and as they are meant,
// from the names in it that are shown anyway. All of a text that cannot be read,
// and that has neither a user nor a password where they belong, is a secret.
func Parts(raw string) (secrets, open []string) {
	u, _ := Parse(raw)
	_, rest, isURL := strings.Cut(raw, "://")
	if at := strings.LastIndexByte(rest, '@'); isURL && at >= 0 {
		if _, password, ok := strings.Cut(rest[:at], ":"); ok {
			secrets = append(secrets, password)
		}
	} else if u.secrets == nil {
		return []string{raw}, nil
	}
	if u.secrets == nil {
		return secrets, nil
	}
	secrets = append(secrets, u.secrets.password)
	inline := u.secrets.params["sslinline"] == "true"
	for name, value := range u.secrets.params {
		if secretParam.MatchString(name) || inline && (name == "sslkey" || name == "sslcert") {
			secrets = append(secrets, value)
		}
	}
	for _, h := range u.Hosts {
		open = append(open, h.Name)
	}
	return secrets, append(open, u.User, u.Database)
}
