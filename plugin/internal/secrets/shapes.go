package secrets

import (
	"regexp"
	"slices"
	"strings"
)

// hideShapes hides what looks like a secret, whoever wrote it, unless it is an
// example of our own.
func (k *Known) hideShapes(text string) string {
	if strings.Contains(text, "-----BEGIN ") {
		text = privateKey().ReplaceAllString(text, Hidden)
	}
	if strings.Contains(text, "://") && strings.IndexByte(text, '@') >= 0 {
		text = address().ReplaceAllStringFunc(text, k.hideUserInfo)
	}
	if strings.Contains(text, "cannot unmarshal") {
		text = quotedYAML().ReplaceAllString(text, "${1}"+Hidden)
	}
	if containsAny(text, "eyJ", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "AIza", "sk_live_") {
		text = tokens().ReplaceAllString(text, Hidden)
	}
	folded := fold(text)
	if containsAny(folded, "bearer", "basic") {
		text = hideGroup(authorization(), text)
	}
	if strings.ContainsAny(text, "=:") && containsAny(folded, "pass", "pwd", "token", "key", "secret") {
		text = hideGroup(pair(), text)
	}
	return text
}

func containsAny(text string, hints ...string) bool {
	return slices.ContainsFunc(hints, func(hint string) bool { return strings.Contains(text, hint) })
}

var (
	// privateKey is one in PEM (RFC 7468), cut short or not.
	privateKey = lazily(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)`)
	// address is a URL with its scheme, up to where people put no more of one.
	address = lazily("[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"'<>`]*")
	// quotedYAML is how the YAML decoder quotes a value that has the wrong type.
	quotedYAML = lazily("(cannot unmarshal !!\\w+ )`[^`]*`")
	// tokens are those that say what they are: JSON Web Tokens, and the keys of
	// AWS, GitHub, GitLab, Slack, Google and Stripe.
	tokens = lazily(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)*` +
		`|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b` +
		`|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}` +
		`|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}|\bsk_live_[A-Za-z0-9]{16,}`)
	// authorization is the header of HTTP.
	authorization = lazily(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9+/._~-]{8,}=*)`)
	// pair is a setting whose name ends like that of a secret, with its value: in
	// connection strings, queries, shells, JSON and YAML, and as an entry of a
	// list of variables. Without quotes and behind a colon the value ends the
	// line or the mapping: a sentence goes on.
	pair = lazily(`(?i)(?:` + secretName + `\\*["']?\s*(?:=>?|:=)\s*|` +
		secretName + `\\*["']?\s*:\s*|\bsecret\\*["']?\s*=\s*|` +
		`\bname\\*["']?\s*:\s*\\*["']?[\w.-]*` + secretName + `\\*["']?\s*,?\s*\\*["']?value\\*["']?\s*:\s*)` +
		`(\(hidden\)|` + quoted + `|[^\s"'&;,}\])]+)`)
)

const (
	// secretName ends the name of what is a secret.
	secretName = `(?:pass(?:word|wd|phrase)|pwd|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|client[_-]?secret|_secret)`
	quoted     = `\\+"[^"\\]*\\+"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.|'')*'`
)

// hideGroup hides the first group of every match, unless it is no secret.
func hideGroup(pattern *regexp.Regexp, text string) string {
	var spans []span
	for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2], at[3]
		bare := text[from] != '"' && text[from] != '\'' && text[from] != '\\'
		value := strings.TrimLeft(text[from:to], `\"'`)
		from = to - len(value)
		value = strings.TrimRight(value, `\"'`)
		if harmless().MatchString(value) || pattern == authorization() && word().MatchString(value) {
			continue
		}
		if colon := strings.HasSuffix(strings.TrimRight(text[at[0]:at[2]], " \t"), ":"); colon && bare && !ends(text[to:]) {
			continue
		}
		spans = append(spans, span{from, from + len(value)})
	}
	return replaced(text, spans)
}

// ends says whether a text is at the end of its line, or of a mapping.
func ends(rest string) bool {
	rest = strings.TrimLeft(rest, " \t")
	return rest == "" || strings.ContainsAny(rest[:1], "\r\n,;}])\"'&")
}

var (
	// harmless is what stands in the place of a secret: a placeholder, a variable,
	// nothing, or a switch.
	harmless = lazily(`^(?:|PASSWORD|TOKEN|KEY|\*+|\(hidden\)|<.*>|\$\(.*|\$\{.*|\$[A-Z_]+|\{\{.*|\.\.\.|(?i:true|false|null|none|nil|yes|no|~))$`)
	word     = lazily(`^[a-z]+$`)
)

// userAlone are the schemes whose URLs name a user that is no secret.
var userAlone = map[string]bool{"postgres": true, "postgresql": true, "ssh": true, "git+ssh": true, "mysql": true}

// hideUserInfo hides the user info of a URL. A password that is not encoded may
// hold any character, so it ends at the last @.
func (k *Known) hideUserInfo(text string) string {
	if k.isOpen(fold(text)) {
		return text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return text
	}
	authority, _, _ := strings.Cut(rest[:at], "/")
	database := userAlone[fold(scheme)]
	user, password, has := strings.Cut(rest[:at], ":")
	switch {
	case has && harmless().MatchString(password), !has && (database || harmless().MatchString(user)):
		return text
	case !database && len(authority) < at && !strings.Contains(rest[:len(authority)], "@"):
		// An @ in the path or in the query, unless a password goes on there.
		if _, port, has := strings.Cut(authority, ":"); !has || digits().MatchString(port) {
			return text
		}
	}
	return scheme + "://" + Hidden + rest[at:]
}

var digits = lazily(`^\d*$`)
