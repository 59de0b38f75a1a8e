package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// password is known to the run, in one way or another.
const password = "Tr0ub4dor&3 x"

// held is what no output of a hostile input may have.
func held(t *testing.T, got result, what string) {
	t.Helper()
	all := got.out + got.err
	for _, form := range []string{password, url.QueryEscape(password), url.PathEscape(password), strings.ToLower(password), `Tr0ub4dor\u00263`, "Tr0ub4", "b4dor&", "VHIwdWI0ZG9yJjMg", "%54%72%30"} {
		assert.NotContains(t, all, form, what)
	}
	for _, r := range all {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			assert.Fail(t, "a character that is not shown", "%s: %U in %q", what, r, all)
			return
		}
	}
	for line := range strings.Lines(all) {
		line = strings.TrimSpace(line)
		assert.False(t, strings.HasPrefix(line, "::"), "%s: a command: %q", what, line)
		assert.NotContains(t, line, "##[", what)
		assert.NotContains(t, line, "##vso[", what)
	}
	for line := range strings.Lines(got.out) {
		assert.False(t, strings.HasPrefix(line, "√ forged") || strings.HasPrefix(line, "Result: forged"), "%s: a line that is not ours: %q", what, line)
	}
	for line := range strings.Lines(got.err) {
		assert.True(t, strings.HasPrefix(line, "coder-ha: ") && !strings.HasPrefix(line, "coder-ha: forged") || strings.HasPrefix(line, "  "), "%s: %q", what, line)
	}
	for line := range strings.Lines(all) {
		assert.Less(t, len(line), 12_000, what)
	}
}

// inEveryFormat runs a command in each format of a report.
func inEveryFormat(t *testing.T, what, stdin string, args ...string) (text result) {
	t.Helper()
	for _, format := range [][]string{nil, {"--verbose"}, {"-o", "json"}} {
		got := command(t, stdin, append(args, format...)...)
		held(t, got, what)
		if len(format) == 2 && got.out != "" {
			assert.True(t, json.Valid([]byte(got.out)), what)
		}
		if format == nil {
			text = got
		}
	}
	return text
}

// orders are what a terminal, a runner of CI or a reader would take for something
// else, for a double-quoted text of YAML.
const orders = `\e[2J\e]0;x\a\u009b31m\u202e\u2066\u200b\u2028\u2029\x7f\r\n√ forged\nResult: forged\n::error::forged\n##[error]forged\n##vso[task.complete]\ncoder-ha: forged\n`

func TestNamesGiveNoOrders(t *testing.T) {
	for what, change := range map[string][2]string{
		"the name of the object":    {`{name: coder, namespace: coder}`, `{name: "` + orders + `", namespace: coder}`},
		"the namespace":             {`namespace: coder}`, `namespace: "` + orders + `"}`},
		"the name of the container": {`- name: coder`, `- name: "` + orders + `"`},
		"the image":                 {`ghcr.io/coder/coder:v2.38.0`, `"ghcr.io/coder/coder:v2.38.0` + orders + `"`},
		"the kind":                  {`kind: StatefulSet`, `kind: "StatefulSet` + orders + `"`},
		"a Secret":                  {`{name: db, key: url}`, `{name: "` + orders + `", key: "` + orders + `"}`},
		"the relay URL":             {`http://$(KUBE_POD_IP):8080`, `http://` + orders + `:8080`},
		"the access URL":            {`https://coder.example.com`, orders},
		"an address":                {`0.0.0.0:8080`, orders},
		"a field of the pod":        {`status.podIP}}}`, `"` + orders + `"}}}`},
		"the name of a variable":    {`name: KUBE_POD_IP`, `name: "` + orders + `"`},
		"the annotation":            {`namespace: coder}`, `namespace: coder, annotations: {coder-ha.io/ignore: "` + orders + `, relay-` + orders + `"}}`},
	} {
		inEveryFormat(t, what, strings.Replace(goodManifest, change[0], change[1], 1), "validate", "--manifest", "-")
	}
}

func TestFlagsAndFilesGiveNoOrders(t *testing.T) {
	name := "\x1b[2J\u202e\n::error::forged\ncoder-ha: forged"
	for _, args := range [][]string{
		{"validate", "--manifest", name},
		{"validate", "-f", name},
		{"validate", name},
		{"validate", "--set", name},
		{"validate", "--set-json", name},
		{"validate", "--" + name},
		{name},
		{"explain", name},
		{"validate", "--skip", name, "--manifest", "-"},
		{"validate", "--coder-version", name},
		{"validate", "-o", name},
		{"validate", "-o", "json=none/" + name},
		{"checks", "--area", name},
		{"validate", "--timeout", name},
		{"postgres", "--replicas", name},
		{"validate", "--kube-version", name},
		{"postgres", "--postgres-url-file", name},
		{"postgres", "--postgres-url", name},
		{"validate", "--workload", name, "--manifest", "-"},
	} {
		held(t, command(t, goodManifest, args...), fmt.Sprint(args))
	}
	path := filepath.Join(t.TempDir(), "a\x1b[2J\u202e\n::error::forged")
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(goodManifest, "http://$(KUBE_POD_IP):8080", "https://coder.example.com", 1)), 0o600))
	got := inEveryFormat(t, "the name of a file", "", "validate", "--manifest", path)
	assert.Contains(t, got.out, `a\x1b[2J\u202e\n::error::forged:`)
}

// hostileChart is a chart whose template says what it is told to.
func hostileChart(t *testing.T, template, values string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "hostile")
	for name, text := range map[string]string{
		"Chart.yaml":            "apiVersion: v2\nname: hostile\nversion: 1.0.0\n",
		"values.yaml":           values,
		"templates/coder.yaml":  template,
		"templates/NOTES.txt":   "\x1b[2J",
		"templates/_helper.tpl": `{{ define "again" }}{{ include "again" . }}{{ end }}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func TestAChartTellsNoSecretAndGivesNoOrders(t *testing.T) {
	const ofPassword, ofVariable = `db: {password: "` + password + `"}`, `coder: {env: [{name: PGPASSWORD, value: "` + password + `"}]}`
	ofURL := `db: {url: "postgres://coder:` + url.QueryEscape(password) + `@db.example.com/coder"}`
	values := filepath.Join(t.TempDir(), "values.yaml")
	for what, template := range map[string]string{
		"fails with the URL":             `{{ fail .Values.db.url }}`,
		"fails with the password":        `{{ fail .Values.db.password }}`,
		"fails with it in quotes":        `{{ fail (quote .Values.db.password) }}`,
		"fails with it in base64":        `{{ fail (b64enc .Values.db.password) }}`,
		"fails with it in base64, in it": `{{ fail (b64enc (printf "coder:%s@db" .Values.db.password)) }}`,
		"fails with a part of it":        `{{ fail (substr 0 8 .Values.db.password) }}`,
		"fails with it letter by letter": `{{ fail (splitList "" .Values.db.password | join "\n") }}`,
		"fails with it in two lines":     `{{ fail (printf "%s\n   %s" (substr 0 5 .Values.db.password) (substr 5 99 .Values.db.password)) }}`,
		"fails with it encoded":          `{{ fail (urlquery .Values.db.password) }}`,
		"fails with all values":          `{{ fail (toYaml .Values) }}`,
		"fails with all values in JSON":  `{{ fail (toJson .Values) }}`,
		"fails with a variable":          `{{ fail (index .Values.coder.env 0).value }}`,
		"fails with orders":              `{{ fail "\x1b[2J\u202e\n√ forged\nResult: forged\n::error::forged\n##[error]x" }}`,
		"reads a number in it":           `{{ atoi .Values.db.password }}{{ int64 .Values.db.url | div 1 }}`,
		"calls a method of it":           `{{ .Values.db.password.x.y }}`,
		"renders what is no YAML":        `a: {{ .Values.db.password }}: b: {{ .Values.db.url }}`,
		"renders what is no object":      `- {{ .Values.db.password }}`,
		"renders a name of it":           "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Values.db.password | quote }}}\nspec: {template: {spec: {containers: [{name: coder, image: ghcr.io/coder/coder:v2.38.0, env: [{name: CODER_ACCESS_URL, value: {{ .Values.db.url | quote }}}]}]}}}",
		"renders a number of it":         "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: coder}\nspec: {replicas: {{ .Values.db.password | quote }}, template: {spec: {containers: [{name: coder, image: ghcr.io/coder/coder:v2.38.0}]}}}",
		"a library parses it":            `{{ semver .Values.db.password }}`,
		"a library parses the URL":       `{{ urlParse (printf "://%s" .Values.db.url) }}`,
		"asks for a file of it":          `{{ .Files.Lines .Values.db.password }}{{ include .Values.db.password . }}`,
		"includes itself":                `{{ include "again" . }}`,
		"does not parse":                 `{{ "` + password + `" | nope }}`,
	} {
		chart := hostileChart(t, template, "db: {password: '', url: ''}\ncoder: {env: [{name: PGPASSWORD, value: ''}]}\n")
		for _, text := range []string{ofPassword, ofVariable, ofURL} {
			require.NoError(t, os.WriteFile(values, []byte(text+"\n"), 0o600))
			got := command(t, "", "validate", chart, "-f", values)
			held(t, got, what)
			assert.NotEqual(t, run.ExitOK, got.code, what)
		}
		inEveryFormat(t, what+", as the chart's own value", "", "validate", hostileChart(t, template, ofPassword+"\n"+ofVariable+"\n"))
	}
}

func TestASecretIsHiddenWhereverItWasRead(t *testing.T) {
	encoded := url.QueryEscape(password)
	annotated := func(text string) string {
		return strings.Replace(goodManifest, "namespace: coder}", `namespace: coder, annotations: {coder-ha.io/ignore: "`+text+`"}}`, 1)
	}
	t.Run("in the annotation", func(t *testing.T) {
		inEveryFormat(t, "a URL", annotated("postgres://coder:"+encoded+"@db/coder"), "validate", "--manifest", "-")
		t.Setenv("CODER_PG_CONNECTION_URL", "postgres://coder:"+encoded+"@127.0.0.1:1/coder?sslmode=disable")
		inEveryFormat(t, "the password", annotated(password), "validate", "--manifest", "-")
	})
	t.Run("in the environment", func(t *testing.T) {
		t.Setenv("CODER_PG_CONNECTION_URL", "postgres://coder:"+encoded+"@127.0.0.1:1/coder?sslmode=disable")
		manifest := strings.Replace(goodManifest, "https://coder.example.com", "https://"+password+".example.com", 1)
		inEveryFormat(t, "a host of it", manifest, "validate", "--manifest", "-")
		inEveryFormat(t, "a file of it", "", "validate", "--manifest", "/none/"+password)
	})
	t.Run("in a Secret", func(t *testing.T) {
		secret := "---\napiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: coder}\nstringData: {url: \"postgres://coder:" + encoded + "@127.0.0.1:1/coder?sslmode=disable\"}\n"
		inEveryFormat(t, "as the database", goodManifest+secret, "validate", "--manifest", "-")
		inEveryFormat(t, "as an image", strings.Replace(goodManifest, "ghcr.io/coder/coder:v2.38.0", `"ghcr.io/coder/coder:`+password+`"`, 1)+secret, "validate", "--manifest", "-")
	})
	t.Run("in another Secret, or in a variable", func(t *testing.T) {
		named := strings.Replace(goodManifest, "{name: coder, namespace: coder}", `{name: "`+password+`", namespace: coder}`, 1)
		for _, secret := range []string{"stringData: {oidc: \"" + password + "\"}", "data: {token: VHIwdWI0ZG9yJjMgeA==}"} {
			got := inEveryFormat(t, secret, named+"---\napiVersion: v1\nkind: Secret\nmetadata: {name: more, namespace: coder}\n"+secret+"\n", "validate", "--manifest", "-")
			assert.Contains(t, got.out, "StatefulSet coder/(hidden)")
		}
		variable := strings.Replace(named, "- {name: CODER_ACCESS_URL", "- {name: CODER_OIDC_CLIENT_SECRET, value: \""+password+"\"}\n        - {name: CODER_ACCESS_URL", 1)
		inEveryFormat(t, "a variable", variable, "validate", "--manifest", "-")
	})
	t.Run("in addresses", func(t *testing.T) {
		for _, args := range [][]string{
			{"validate", "coder", "--repo", "http://u:" + encoded + "@127.0.0.1:1/charts"},
			{"validate", "coder", "--repo", "http://127.0.0.1:1/" + encoded, "--username", "u", "--password", password},
			{"validate", "oci://u:" + encoded + "@127.0.0.1:1/chart"},
			{"validate", "http://u:" + encoded + "@127.0.0.1:1/chart.tgz"},
			{"validate", "-f", "http://u:" + encoded + "@127.0.0.1:1/values.yaml"},
			{"validate", "-f", "http://u:" + encoded + "%zz@127.0.0.1:1/values.yaml"},
			{"validate", "--dry-run=server", "--kube-apiserver", "http://u:" + encoded + "@127.0.0.1:1"},
			{"validate", "--dry-run=server", "--kube-apiserver", "http://127.0.0.1:1", "--kube-token", password},
			{"postgres", "--postgres-url", "mysql://coder:" + encoded + "@db/coder"},
			{"postgres", "--postgres-url", password},
		} {
			held(t, command(t, "", args...), fmt.Sprint(args))
		}
	})
	t.Run("in a TLS setting", func(t *testing.T) {
		for _, value := range []string{"-----BEGIN PRIVATE KEY-----\\n" + password + "\\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY----- " + password} {
			manifest := strings.Replace(goodManifest, `- {name: CODER_ACCESS_URL`, `- {name: CODER_TLS_ENABLE, value: "true"}
        - {name: CODER_TLS_CERT_FILE, value: "`+value+`"}
        - {name: CODER_TLS_KEY_FILE, value: "`+value+`"}
        - {name: CODER_ACCESS_URL`, 1)
			inEveryFormat(t, value, manifest, "validate", "--manifest", "-")
		}
	})
	t.Run("in files that are read", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "coder.yaml")
		t.Setenv("CODER_PG_CONNECTION_URL", "postgres://coder:"+encoded+"@127.0.0.1:1/coder?sslmode=disable")
		require.NoError(t, os.WriteFile(path, []byte(goodManifest), 0o600))
		for _, suppress := range []string{"skip: ['" + password + "']", "skip: '" + password + "'", password, password + ": x", "skip: {" + password + "}", "skip: [postgres://u:" + encoded + "@h/d]"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, ".coder-ha.yaml"), []byte(suppress+"\n"), 0o600))
			inEveryFormat(t, suppress, "", "validate", "--manifest", path)
		}
		for _, values := range []string{"coder: '" + password, "db: {password: '" + password + "'}\ncoder: [", "db: {password: '" + password + "'}\ncoder: x", "coder: {'" + password + "': x}"} {
			require.NoError(t, os.WriteFile(path, []byte(values), 0o600))
			inEveryFormat(t, values, "", "validate", "-f", path)
		}
	})
}

func TestWhatIsNoIDIsNotQuoted(t *testing.T) {
	for _, id := range []string{"Tr0ub4dor", "s3cret", "-----BEGIN", "no id"} {
		manifest := strings.Replace(goodManifest, "namespace: coder}", `namespace: coder, annotations: {coder-ha.io/ignore: "`+id+`"}}`, 1)
		got := command(t, manifest, "validate", "--manifest", "-")
		assert.NotContains(t, got.out+got.err, id)
		assert.Contains(t, got.err, "unknown check in the annotation of StatefulSet coder/coder: it is not shown")
	}
}

// TestTheTokenFollowsNoRedirect has an API server that sends its clients away.
func TestTheTokenFollowsNoRedirect(t *testing.T) {
	var visited bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited = true }))
	defer other.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/"+r.Header.Get("Authorization"), status)
		}))
		args := []string{"validate", "--kube-apiserver", server.URL, "--kube-token", password, "--kube-insecure-skip-tls-verify"}
		got := command(t, "", append(args, "--dry-run=server")...)
		assert.Contains(t, got.err, "it answers with a redirect")
		held(t, got, "a chart that looks up")
		got = command(t, goodManifest, append(args, "--manifest", "-")...)
		assert.Contains(t, got.out, "it answers with a redirect")
		held(t, got, "the Secret with the URL")
		server.Close()
	}
	assert.False(t, visited)
}

// TestAServerRepeatsNoToken has an API server that quotes what it was sent.
func TestAServerRepeatsNoToken(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500,
			"message": r.Header.Get("Authorization") + "\x1b[2J\n::error::forged\ncoder-ha: forged",
		})
	}))
	defer server.Close()
	args := []string{"validate", "--kube-apiserver", server.URL, "--kube-token", password, "--kube-insecure-skip-tls-verify"}
	held(t, command(t, "", append(args, "--dry-run=server")...), "a chart that looks up")
	got := command(t, goodManifest, append(args, "--manifest", "-")...)
	held(t, got, "the Secret with the URL")
	assert.Contains(t, got.out, "(hidden)")
}
