package secrets_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// forms are what programs make of a text when they pass it on.
func forms(text string) map[string]string {
	quoted, _ := json.Marshal(text)
	percent, octal, hexadecimal := "", "", ""
	for i := range len(text) {
		percent += fmt.Sprintf("%%%02x", text[i])
		octal += fmt.Sprintf(`\%03o`, text[i])
	}
	for _, r := range text {
		hexadecimal += fmt.Sprintf(`\u%04X`, r)
	}
	half := len(text) / 2
	basic := base64.StdEncoding.EncodeToString([]byte("coder:" + text))
	return map[string]string{
		"raw":                        text,
		"query":                      url.QueryEscape(text),
		"path":                       url.PathEscape(text),
		"user info":                  url.UserPassword("coder", text).String(),
		"every byte in percent":      percent,
		"percent twice":              url.QueryEscape(url.QueryEscape(text)),
		"upper case":                 upper(text),
		"JSON":                       string(quoted),
		"JSON in JSON":               strings.ReplaceAll(strings.ReplaceAll(string(quoted), `\`, `\\`), `"`, `\"`),
		"every character in unicode": hexadecimal,
		"octal":                      octal,
		"Go":                         fmt.Sprintf("%q", text),
		"Go in ASCII":                fmt.Sprintf("%+q", text),
		"YAML and SQL":               "'" + strings.ReplaceAll(text, "'", "''") + "'",
		"HTML":                       html.EscapeString(text),
		"base64":                     base64.StdEncoding.EncodeToString([]byte(text)),
		"base64 without padding":     base64.RawURLEncoding.EncodeToString([]byte(text)),
		"base64 behind a user":       basic,
		"base64 behind two bytes":    base64.URLEncoding.EncodeToString([]byte("ab" + text + "/coder")),
		"hex":                        `\x` + hex.EncodeToString([]byte(text)),
		"over two lines":             text[:half] + "\n        " + text[half:],
		"over lines in a string":     text[:half] + "\\\n  " + text[half:],
		"over lines of Windows":      text[:half] + " \r\n" + text[half:],
		"over lines, in JSON":        text[:half] + `\n  ` + text[half:],
		"a line for each character":  strings.Join(strings.Split(text, ""), "\n"),
		"in a sentence":              "password " + text + "is wrong",
		"its beginning":              text[:6],
		"its end":                    text[len(text)-6:],
		"its middle":                 text[1:7],
	}
}

// upper is a text in upper case, as far as host names have one.
func upper(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return unicode.ToUpper(r)
		}
		return r
	}, text)
}

func TestAKnownSecretIsHiddenInEveryForm(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"hunter2hunter", "Hidden-pa55word", `it's "q\uoted"`, "a b&c%d+e/f?g#h", "päßwörter-ÿÿ", "x9$k!<>{}`~|^"} {
		known := secrets.New()
		known.Add(secret)
		for name, text := range forms(secret) {
			got := known.Hide("before " + text + " after")
			assert.NotContains(t, got, text, name)
			assert.Contains(t, got, secrets.Hidden, "%s: %s", name, text)
			assert.True(t, strings.HasPrefix(got, "before ") && strings.HasSuffix(got, " after"), "%s: %s", name, got)
			assert.Equal(t, got, known.Hide(got), name)
		}
	}
}

func TestWhatIsShownAnywayIsNotHidden(t *testing.T) {
	t.Parallel()
	const sentence = "the database coder on postgres.example.com refuses the user coder_admin of postgres"
	for _, password := range []string{"coder", "postgres", "database", "coder_admin", "postgres.example.com", "my-postgres-1", "co", "x"} {
		known := secrets.New("the database is Postgres")
		known.Open("postgres.example.com", "coder_admin", "coder")
		known.Add(password)
		assert.Equal(t, sentence, known.Hide(sentence), password)
	}
	known := secrets.New("postgres")
	known.Add("postgres2024")
	assert.Equal(t, "(hidden) in postgres, (hidden)", known.Hide("postgres2024 in postgres, gres20"))
}

func TestAShortSecretIsHiddenAsAWord(t *testing.T) {
	t.Parallel()
	known := secrets.New()
	known.Add("pw12", "abc")
	assert.Equal(t, "is (hidden) and '(hidden)', not apw12 or pw123; abc", known.Hide("is pw12 and 'PW12', not apw12 or pw123; abc"))
}

func TestWhatIsMadeOfSecretsIsHiddenAsAWhole(t *testing.T) {
	t.Parallel()
	known := secrets.New()
	known.AddWhole("https://coder.example.com", "8080")
	assert.Equal(t, "(hidden)/x, https://coder.example.org, port 8080", known.Hide("https://coder.example.com/x, https://coder.example.org, port 8080"))
}

func TestASecretShowsByItsShape(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	for text, want := range map[string]string{
		"cannot dial postgres://coder:hunter2@db/coder":                           "cannot dial postgres://(hidden)@db/coder",
		"postgres://coder:a/b?c#d@e@db/coder":                                     "postgres://(hidden)@db/coder",
		`parse "http://hunter2@10.0.0.1:8080": bad`:                               `parse "http://(hidden)@10.0.0.1:8080": bad`,
		"oci://u:hunter2@ghcr.io/coder/chart":                                     "oci://(hidden)@ghcr.io/coder/chart",
		"http://u:a/hunter2@10.0.0.1":                                             "http://(hidden)@10.0.0.1",
		"https://u:p@[2001:db8::1]:8443/x":                                        "https://(hidden)@[2001:db8::1]:8443/x",
		"host=db password=hunter2 user=coder":                                     "host=db password=(hidden) user=coder",
		"host=db password = 'it\\'s it' user=coder":                               "host=db password = '(hidden)' user=coder",
		"postgres://db/coder?user=u&password=hunter2&sslmode=disable":             "postgres://db/coder?user=u&password=(hidden)&sslmode=disable",
		"sslpassword=hunter2":                                                     "sslpassword=(hidden)",
		"PGPASSWD=hunter2 psql":                                                   "PGPASSWD=(hidden) psql",
		`{"password":"hunter2","user":"coder"}`:                                   `{"password":"(hidden)","user":"coder"}`,
		`{\"db_password\":\"hunter2\"}`:                                           `{\"db_password\":\"(hidden)\"}`,
		"db: {password: hunter2, user: coder}":                                    "db: {password: (hidden), user: coder}",
		"  pwd: hunter2":                                                          "  pwd: (hidden)",
		"- name: CODER_OIDC_CLIENT_SECRET\n  value: hunter2":                      "- name: CODER_OIDC_CLIENT_SECRET\n  value: (hidden)",
		"{name: PGPASSWORD, value: \"hunter2\"}":                                  "{name: PGPASSWORD, value: \"(hidden)\"}",
		"Authorization: Bearer abcdef123456":                                      "Authorization: Bearer (hidden)",
		"authorization: basic Y29kZXI6aHVudGVyMg==":                               "authorization: basic (hidden)",
		"the token " + jwt + " is old":                                            "the token (hidden) is old",
		"AKIAIOSFODNN7EXAMPLE":                                                    "(hidden)",
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE":           "aws_secret_access_key = (hidden)",
		"ghp_0123456789abcdefghij0123":                                            "(hidden)",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nx": "(hidden)\nx",
		"-----BEGIN PRIVATE KEY-----\nMIIE":                                       "(hidden)",
		"line 3: cannot unmarshal !!str `hunter2...` into map":                    "line 3: cannot unmarshal !!str (hidden) into map",
	} {
		got := secrets.New().Hide(text)
		assert.Equal(t, want, got)
		assert.Equal(t, want, secrets.New().Hide(got), "twice")
	}
}

func TestOrdinaryTextsAreNotHidden(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require.",
		"postgres://coder:***@db.example.com/coder?sslmode=disable&***",
		"postgres://coder@db.example.com/coder",
		"http://(hidden)@10.0.0.1:8080/?(hidden)",
		"oci://ghcr.io/coder/chart@sha256:0123456789abcdef",
		"https://example.com:8443/?mail=a@b.example",
		"ssh://git@github.com/coder/coder",
		"https://coder.example.com, https://[2001:db8::1]:8080/derp",
		"valueFrom: {secretKeyRef: {name: coder-db-url, key: url}}",
		"secretName: coder-tls", "existingSecret: coder-db",
		"coder.db.password: there is no such key",
		"FATAL: password authentication failed for user \"coder\"",
		"CODER_PG_AUTH=password", "automountServiceAccountToken: true", "password: $(PGPASSWORD)", "password=",
		"Basic authentication, bearer tokens", "-----BEGIN CERTIFICATE-----",
		"Percent-encode the password: % is %25, @ is %40.",
	} {
		assert.Equal(t, text, secrets.New().Hide(text))
	}
}
