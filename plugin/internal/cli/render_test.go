package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/run"
)

// threeHosts are the flags of three hosts.
var threeHosts = []string{
	"render", "--access-url", "https://coder.example.com", "--http-address", "0.0.0.0:80", "--coder-version", "2.38",
	"--node", "coder-1=10.0.0.1", "--node", "coder-2=10.0.0.2", "--node", "coder-3=10.0.0.3",
}

// rendered renders three hosts into a folder; with a database URL, if it is not
// empty.
func rendered(t *testing.T, format, url string, more ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	args := append(append([]string{}, threeHosts...), "--format", format, "--out", dir)
	if url != "" {
		args = append(args, "--postgres-url-file", urlFile(t, url))
	}
	got := command(t, "", append(args, more...)...)
	require.Equal(t, run.ExitOK, got.code, got.err)
	assert.Empty(t, got.out)
	assert.NotContains(t, got.err, "zQ9xJ7kW")
	return dir
}

func urlFile(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "url")
	require.NoError(t, os.WriteFile(path, []byte(url+"\n"), 0o600))
	return path
}

const hostURL = "postgres://coder:zQ9xJ7kW$a@db.invalid/coder?sslmode=require"

// passes says that validate finds nothing, whatever of the three hosts it reads.
func passes(t *testing.T, args ...string) {
	t.Helper()
	got := command(t, "", append([]string{"validate", "--coder-version", "2.38", "--fail-on", "info"}, args...)...)
	assert.Equal(t, run.ExitOK, got.code, got.out+got.err)
	assert.Contains(t, got.out, "√ every replica has a relay URL")
	assert.Contains(t, got.out, "√ every replica has a database URL")
	assert.Contains(t, got.out, "0 failed")
}

func TestFilesWithoutTheDatabaseURLComeWithTheWayToCheckThem(t *testing.T) {
	for _, c := range []struct{ format, url, want string }{
		{"systemd", "", "--unit DIR/coder.service.d --env-file '*=secrets.env', where secrets.env has CODER_PG_CONNECTION_URL\n"},
		{"env", "", "helm coder-ha validate --env-dir DIR --env-file '*=secrets.env'"},
		{"env", hostURL, ""},
		{"compose", "", ""},
	} {
		dir := filepath.Join(t.TempDir(), "hosts")
		args := append(append([]string{}, threeHosts...), "--format", c.format, "--out", dir)
		if c.url != "" {
			args = append(args, "--postgres-url-file", urlFile(t, c.url))
		}
		got := command(t, "", args...)
		require.Equal(t, run.ExitOK, got.code, got.err)
		if c.want == "" {
			assert.NotContains(t, got.err, "check them with")
			continue
		}
		assert.Contains(t, got.err, strings.ReplaceAll(c.want, "DIR", dir))
		assert.Equal(t, 1, strings.Count(got.err, "check them with"))
	}
}

func TestWhatIsRenderedPassesValidate(t *testing.T) {
	t.Run("env", func(t *testing.T) { passes(t, "--env-dir", rendered(t, "env", hostURL)) })
	t.Run("systemd", func(t *testing.T) {
		dir := rendered(t, "systemd", hostURL)
		passes(t, "--env-dir", dir, "--unit", filepath.Join(dir, "coder.service.d"))
	})
	t.Run("systemd with the secret elsewhere", func(t *testing.T) {
		dir := rendered(t, "systemd", "")
		secret := filepath.Join(t.TempDir(), "secrets.env")
		require.NoError(t, os.WriteFile(secret, []byte("CODER_PG_CONNECTION_URL='"+hostURL+"'\n"), 0o600))
		passes(t, "--env-dir", dir, "--unit", filepath.Join(dir, "coder.service.d"), "--env-file", "*="+secret)
	})
	t.Run("compose", func(t *testing.T) {
		dir, env := rendered(t, "compose", hostURL), t.TempDir()
		dotenv, err := os.ReadFile(filepath.Join(dir, ".env"))
		require.NoError(t, err)
		for _, name := range []string{"coder-1", "coder-2", "coder-3"} {
			var file struct {
				Services map[string]struct {
					Environment map[string]string `yaml:"environment"`
				} `yaml:"services"`
			}
			decode(t, filepath.Join(dir, name+".compose.yaml"), &file)
			text := string(dotenv)
			for variable, value := range file.Services["coder"].Environment {
				if !strings.HasPrefix(value, "${") {
					text += variable + "=" + strings.ReplaceAll(value, "$$", "$") + "\n"
				}
			}
			require.NoError(t, os.WriteFile(filepath.Join(env, name+".env"), []byte(text), 0o600))
		}
		passes(t, "--env-dir", env)
	})
	t.Run("cloud-init", func(t *testing.T) {
		dir, env := rendered(t, "cloud-init", hostURL), t.TempDir()
		for _, name := range []string{"coder-1", "coder-2", "coder-3"} {
			var data struct {
				Files []struct {
					Path        string `yaml:"path"`
					Permissions string `yaml:"permissions"`
					Content     string `yaml:"content"`
				} `yaml:"write_files"`
			}
			decode(t, filepath.Join(dir, name+".cloud-init.yaml"), &data)
			require.Len(t, data.Files, 2)
			assert.Equal(t, "/etc/coder.d/coder.env 0600", data.Files[0].Path+" "+data.Files[0].Permissions)
			require.NoError(t, os.WriteFile(filepath.Join(env, name+".env"), []byte(data.Files[0].Content), 0o600))
			require.NoError(t, os.MkdirAll(filepath.Join(env, "coder.service.d"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(env, "coder.service.d", "50.conf"), []byte(data.Files[1].Content), 0o600))
		}
		passes(t, "--env-dir", env, "--unit", filepath.Join(env, "coder.service.d"))
	})
	t.Run("kubernetes", func(t *testing.T) {
		env, err := os.ReadFile(filepath.Join(rendered(t, "kubernetes", ""), "env.yaml"))
		require.NoError(t, err)
		manifest, _, _ := strings.Cut(strings.Replace(goodManifest, "port: 8080", "port: 80", 1), "        - {name: CODER_HTTP_ADDRESS")
		for line := range strings.Lines(string(env)) {
			manifest += "        " + line
		}
		path := filepath.Join(t.TempDir(), "coder.yaml")
		require.NoError(t, os.WriteFile(path, []byte(manifest), 0o600))
		// It is about the environment: what keeps replicas apart is the user's.
		passes(t, "--manifest", path, "--pod-ip-family", "ipv4", "--skip", "spread,disruption-budget")
	})
}

func decode(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into))
}

func TestWhatCannotWorkIsNotRendered(t *testing.T) {
	for id, more := range map[string][]string{
		"http-address-invalid":        {"--http-address", "*:80"},
		"http-address-loopback":       {"--http-address", "127.0.0.1:80"},
		"relay-url-shared":            {"--node", "coder-4=10.0.0.1"},
		"relay-url-equals-access-url": {"--node", "coder-4=coder.example.com"},
		"relay-url-loopback":          {"--node", "coder-4=localhost"},
		"access-url-invalid":          {"--access-url", "coder.example.com"},
		"access-url-loopback":         {"--access-url", "http://10.0.0.2"},
		"wildcard-access-url-invalid": {"--wildcard-access-url", "https://*.coder.example.com"},
		"hostname-shared":             {"--node", "coder-1.eu=10.0.0.4"},
		"postgres-url-local":          {"--postgres-url-file", urlFile(t, "postgres://coder:zQ9xJ7kW@localhost/coder")},
		"postgres-url-invalid":        {"--postgres-url-file", urlFile(t, "mysql://coder:zQ9xJ7kW@db/coder")},
	} {
		t.Run(id, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			args := append(append([]string{}, threeHosts...), "--format", "systemd", "--out", dir)
			got := command(t, "", append(args, more...)...)
			assert.Equal(t, run.ExitFindings, got.code, got.err)
			assert.Contains(t, got.err, "error: "+id+": ")
			assert.Contains(t, got.err, "nothing was written")
			assert.NotContains(t, got.err, "zQ9xJ7kW")
			assert.Empty(t, got.out)
			assert.NoDirExists(t, dir)
		})
	}
}

func TestTheTableIsWhatIsShownFirst(t *testing.T) {
	got := command(t, "", threeHosts...)
	assert.Equal(t, run.ExitOK, got.code, got.err)
	assert.Contains(t, got.out, "coder-2  http://10.0.0.2:80           10.0.0.2\n")
	assert.Empty(t, got.err)
}

func TestFilesAreWrittenAllOrNotAtAll(t *testing.T) {
	dir := rendered(t, "systemd", hostURL)
	for name, mode := range map[string]os.FileMode{"coder-1.env": 0o600, "coder.service.d/50-high-availability.conf": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), name)
	}
	second := filepath.Join(dir, "coder-2.env")
	require.NoError(t, os.WriteFile(second, []byte("mine\n"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(dir, "coder-3.env")))
	again := append(append([]string{}, threeHosts...), "--format", "systemd", "--out", dir, "--postgres-url-file", urlFile(t, hostURL))

	got := command(t, "", again...)
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, "nothing was written: coder-2.env in "+dir+" would be replaced")
	assert.NoFileExists(t, filepath.Join(dir, "coder-3.env"))

	got = command(t, "", append(again, "--diff")...)
	assert.Equal(t, run.ExitOK, got.code, got.err)
	assert.Contains(t, got.out, "-mine\n")
	assert.Contains(t, got.out, "+CODER_CLUSTER_HOST=10.0.0.3\n")
	assert.NotContains(t, got.out, "coder-1.env")
	assert.NotContains(t, got.out, "zQ9xJ7kW")
	assert.NoFileExists(t, filepath.Join(dir, "coder-3.env"))

	// A folder in the place of the last file: those before it stay as they were.
	require.NoError(t, os.Remove(filepath.Join(dir, "coder.service.d", "50-high-availability.conf")))
	require.NoError(t, os.Remove(filepath.Join(dir, "coder.service.d")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "coder.service.d"), nil, 0o600))
	got = command(t, "", append(again, "--force")...)
	assert.Equal(t, run.ExitUnable, got.code)
	text, err := os.ReadFile(second)
	require.NoError(t, err)
	assert.Equal(t, "mine\n", string(text))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3, "no file is left over")

	require.NoError(t, os.Remove(filepath.Join(dir, "coder.service.d")))
	got = command(t, "", append(again, "--force")...)
	assert.Equal(t, run.ExitOK, got.code, got.err)
	passes(t, "--env-dir", dir, "--unit", filepath.Join(dir, "coder.service.d"))
	got = command(t, "", again...)
	assert.Equal(t, run.ExitOK, got.code, "a second time changes nothing: %s", got.err)
}

func TestADocumentSaysTheSameAsFlags(t *testing.T) {
	document := filepath.Join(t.TempDir(), "nodes.yaml")
	require.NoError(t, os.WriteFile(document, []byte("accessURL: https://coder.example.com\nhttpAddress: 0.0.0.0:80\ncoderVersion: '2.38'\nnodes:\n- {name: coder-1, address: 10.0.0.1}\n- {name: coder-2, address: 10.0.0.2}\n- {name: coder-3, address: 10.0.0.3}\n"), 0o600))
	assert.Equal(t, command(t, "", threeHosts...), command(t, "", "render", "-f", document))
	got := command(t, "", "render", "-f", document, "--node", "other=10.0.0.9", "--node", "more=10.0.0.8")
	assert.Contains(t, got.out, "Coder on 2 hosts")
	got = command(t, "accessURL: [hunter2\n", "render", "-f", "-")
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Equal(t, "coder-ha: -: line 1: it is not as docs/nodes.schema.json describes it\n", got.err)
}

func TestASecretIsNotWrittenToTheScreen(t *testing.T) {
	got := command(t, "", append(append([]string{}, threeHosts...), "--format", "env", "--postgres-url-file", urlFile(t, hostURL))...)
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, "need --out DIR")
	got = command(t, "", append(append([]string{}, threeHosts...), "--coder-version", "newest")...)
	assert.Equal(t, run.ExitUnable, got.code)
	assert.Contains(t, got.err, `"newest" is not a version of Coder`)
}
