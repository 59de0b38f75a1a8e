package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bare is goodManifest without what inject writes, and injectedManifest with it.
var (
	bare             = withoutLines(goodManifest, "KUBE_POD_IP", "CODER_CLUSTER_HOST")
	injectedManifest = bare + `        - name: KUBE_POD_IP
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
        - name: CODER_DERP_SERVER_RELAY_URL
          value: http://$(KUBE_POD_IP):8080
        - name: CODER_CLUSTER_HOST
          valueFrom: {fieldRef: {fieldPath: status.podIP}}
`
	wrongRelay = strings.ReplaceAll(goodManifest, `"http://$(KUBE_POD_IP):8080"`, `"https://coder.example.com"`)
)

// withoutLines drops the lines that hold one of some words.
func withoutLines(text string, words ...string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		drop := false
		for _, word := range words {
			drop = drop || strings.Contains(line, word)
		}
		if !drop {
			out.WriteString(line)
		}
	}
	return out.String()
}

func manifestFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "coder.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o640))
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestInjectIsAFilter(t *testing.T) {
	got := command(t, bare, "inject")
	assert.Equal(t, 0, got.code, got.err)
	assert.Equal(t, injectedManifest, got.out)
	assert.Contains(t, got.err, "StatefulSet coder/coder: added KUBE_POD_IP=status.podIP, added CODER_DERP_SERVER_RELAY_URL=http://$(KUBE_POD_IP):8080, added CODER_CLUSTER_HOST=status.podIP")
	assert.Contains(t, got.err, "set --pod-ip-family to ipv4 or ipv6")

	again := command(t, got.out, "inject", "-f", "-")
	assert.Equal(t, 0, again.code)
	assert.Equal(t, got.out, again.out)
	assert.Equal(t, "coder-ha: nothing to change\n", again.err)

	validated := command(t, got.out, "validate", "--manifest", "-", "--verbose")
	assert.NotContains(t, validated.out, "×", "validate finds nothing wrong with the result")
	assert.Contains(t, command(t, bare, "inject", "--pod-ip-family", "ipv6").out, "http://[$(KUBE_POD_IP)]:8080")
}

func TestInjectWritesInPlace(t *testing.T) {
	path := manifestFile(t, bare)
	link := filepath.Join(t.TempDir(), "link.yaml")
	require.NoError(t, os.Symlink(path, link))
	got := command(t, "", "inject", "-i", "-f", link)
	assert.Equal(t, 0, got.code, got.err)
	assert.Empty(t, got.out)
	assert.Equal(t, injectedManifest, content(t, path))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still one")
	info, err = os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left behind")
	assert.Equal(t, 0, command(t, "", "inject", "-i", "-f", link).code)
}

func TestInjectReadsAFolderAsKubectlDoes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.yaml": bare, "a.json": `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}`,
		"kustomization.yaml": "resources: [b.yaml]\n", "notes.txt": "a: [",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	got := command(t, "", "inject", "-f", dir)
	assert.Equal(t, 0, got.code, got.err)
	assert.Equal(t, content(t, filepath.Join(dir, "a.json"))+"\n---\n"+injectedManifest, got.out)

	out := filepath.Join(t.TempDir(), "out")
	assert.Equal(t, 0, command(t, "", "inject", "-f", dir, "--out", out).code)
	assert.Equal(t, injectedManifest, content(t, filepath.Join(out, "b.yaml")))
	assert.Equal(t, content(t, filepath.Join(dir, "a.json")), content(t, filepath.Join(out, "a.json")))

	assert.Equal(t, 0, command(t, "", "inject", "-f", dir, "-i").code)
	assert.Equal(t, injectedManifest, content(t, filepath.Join(dir, "b.yaml")))
}

func TestInjectInCI(t *testing.T) {
	path := manifestFile(t, bare)
	checked := command(t, "", "inject", "-f", path, "--check")
	assert.Equal(t, 1, checked.code)
	assert.True(t, strings.HasPrefix(checked.out, "--- "+path+"\n+++ "+path+"\n@@ "), checked.out)
	assert.Contains(t, checked.out, "\n+        - name: KUBE_POD_IP\n")
	assert.Equal(t, bare, content(t, path))

	shown := command(t, "", "inject", "-f", path, "--diff")
	assert.Equal(t, 0, shown.code)
	assert.Equal(t, checked.out, shown.out)

	right := command(t, injectedManifest, "inject", "--check")
	assert.Equal(t, 0, right.code)
	assert.Empty(t, right.out)
}

func TestADiffHidesSecretsAndADocumentDoesNot(t *testing.T) {
	text := strings.ReplaceAll(bare, `valueFrom: {secretKeyRef: {name: db, key: url}}`, `value: "postgres://coder:hunter2hunter2@db/coder"`) +
		"        - {name: CODER_OIDC_CLIENT_SECRET, value: correct-horse-battery}\n"
	shown := command(t, text, "inject", "--diff")
	assert.Equal(t, 0, shown.code, shown.err)
	assert.NotContains(t, shown.out+shown.err, "hunter2")
	assert.NotContains(t, shown.out+shown.err, "correct-horse")
	assert.Contains(t, command(t, text, "inject").out, "hunter2hunter2")
}

func TestAWrongRelayURLIsNamedAndReplacedByForceOnly(t *testing.T) {
	path := manifestFile(t, wrongRelay)
	for _, args := range [][]string{{"-f", path}, {"-f", path, "-i"}, {"-f", path, "--out", path + ".new"}} {
		got := command(t, "", append([]string{"inject"}, args...)...)
		assert.Equal(t, 1, got.code)
		assert.Empty(t, got.out)
		assert.Contains(t, got.err, path+":20: StatefulSet coder/coder: relay-url-equals-access-url: ")
		assert.Contains(t, got.err, "nothing is written: correct it yourself, or replace the value with --force")
		assert.Equal(t, wrongRelay, content(t, path))
		assert.NoFileExists(t, path+".new")
	}
	got := command(t, wrongRelay, "inject", "--force")
	assert.Equal(t, 0, got.code, got.err)
	assert.Equal(t, goodManifest, got.out)
	assert.Contains(t, got.err, "set CODER_DERP_SERVER_RELAY_URL=http://$(KUBE_POD_IP):8080")
}

func TestARelayURLThatDNSDoesNotHaveIsWrong(t *testing.T) {
	named := strings.Replace(goodManifest, "        - {name: KUBE_POD_IP", "        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n        - {name: KUBE_POD_IP", 1)
	got := command(t, strings.Replace(named, "http://$(KUBE_POD_IP):8080", "http://$(POD_NAME):8080", 1), "inject")
	assert.Equal(t, 1, got.code)
	assert.Empty(t, got.out)
	assert.Contains(t, got.err, ": relay-url-unresolvable: ")
	forced := command(t, strings.Replace(named, "http://$(KUBE_POD_IP):8080", "http://$(POD_NAME):8080", 1), "inject", "--force")
	assert.Equal(t, 0, forced.code, forced.err)
	assert.Equal(t, named, forced.out)
}

func TestEachWrongValueIsReplacedByForce(t *testing.T) {
	for _, c := range []struct{ id, relay string }{
		{"relay-url-equals-access-url", "http://coder.example.com:8080"},
		{"relay-url-shared", "http://10.0.0.5:8080"},
		{"relay-url-loopback", "http://localhost:8080"},
		{"relay-url-invalid", "$(KUBE_POD_IP):8080"},
		{"relay-url-port-mismatch", "http://$(KUBE_POD_IP)"},
		{"relay-url-unexpanded", "http://$(ADDRESS):8080"},
		{"relay-tls-disabled", "https://$(KUBE_POD_IP):8443"},
	} {
		t.Run(c.id, func(t *testing.T) {
			text := strings.ReplaceAll(goodManifest, `"http://$(KUBE_POD_IP):8080"`, `"`+c.relay+`"`)
			got := command(t, text, "inject")
			assert.Equal(t, 1, got.code)
			assert.Contains(t, got.err, ": "+c.id+": ")
			forced := command(t, text, "inject", "--force")
			assert.Equal(t, 0, forced.code, forced.err)
			assert.Equal(t, goodManifest, forced.out)
		})
	}
	for _, c := range []struct{ id, old, fresh string }{
		{"cluster-host-malformed", "valueFrom: {fieldRef: {fieldPath: status.podIP}}}\n        - {name: CODER_PG", "value: \"http://x\"}\n        - {name: CODER_PG"},
		{"cluster-host-shared", "valueFrom: {fieldRef: {fieldPath: status.podIP}}}\n        - {name: CODER_PG", "value: 10.0.0.5}\n        - {name: CODER_PG"},
		{"relay-url-shared", "KUBE_POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}", "KUBE_POD_IP, value: 10.0.0.5"},
	} {
		t.Run(c.id+" by "+c.fresh, func(t *testing.T) {
			text := strings.Replace(goodManifest, c.old, c.fresh, 1)
			require.NotEqual(t, goodManifest, text)
			assert.Contains(t, command(t, text, "inject").err, ": "+c.id+": ")
			forced := command(t, text, "inject", "--force")
			assert.Equal(t, 0, forced.code, forced.err)
			assert.Equal(t, goodManifest, forced.out)
		})
	}
}

func TestInjectNamesWhatItCannotCorrect(t *testing.T) {
	loopback := withoutLines(goodManifest, "CODER_HTTP_ADDRESS")
	got := command(t, loopback, "inject", "--force")
	assert.Equal(t, 1, got.code)
	assert.Empty(t, got.out)
	assert.Contains(t, got.err, "http-address-loopback")
	assert.Contains(t, got.err, "nothing is written: correct it yourself\n")
}

func TestInjectRefusesWhatItWasNotMeantFor(t *testing.T) {
	path := manifestFile(t, bare)
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"standard input in place", []string{"-i"}, "-i needs files"},
		{"a file that is not there", []string{"-f", "none.yaml"}, "none.yaml: no such file"},
		{"a folder without manifests", []string{"-f", t.TempDir()}, "no .yaml, .yml or .json files in this folder"},
		{"a file twice", []string{"-f", path, "-f", path}, "is named twice"},
		{"two ways to write", []string{"-f", path, "-i", "--check"}, "none of the others can be"},
		{"an argument", []string{path}, "unknown command"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := command(t, "", append([]string{"inject"}, c.args...)...)
			assert.Equal(t, 2, got.code)
			assert.Contains(t, got.err, c.want)
			assert.Empty(t, got.out)
			assert.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
		})
	}
}
