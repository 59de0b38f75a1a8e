package hosts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
)

// files writes files below a folder of the test.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func read(t *testing.T, o Options) *deployment.Deployment {
	t.Helper()
	o.Say = func(string) {}
	d, err := Read(t.Context(), o)
	require.NoError(t, err)
	return d
}

func TestEveryHostOfAFolderIsAReplica(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"coder-1.env": "CODER_ACCESS_URL=https://coder.example.com\n", "coder-2.env": "A=b\n\nCODER_HTTP_ADDRESS=\"0.0.0.0:80\"\n", "url": "postgres://",
		".hidden.env": "A=b\n", "notes.txt": "to do", "more/coder-9.env": "A=b\n",
	})
	var said []string
	d, err := Read(t.Context(), Options{EnvDirs: []string{dir}, Say: func(s string) { said = append(said, s) }})
	require.NoError(t, err)
	require.Len(t, d.Replicas, 2)
	assert.Equal(t, []string{"coder-1", "coder-2"}, []string{d.Replicas[0].Name, d.Replicas[1].Name})
	assert.True(t, d.Several())
	assert.True(t, d.OnHost(d.Replicas[1]))
	value := d.Replicas[1].Env(coder.HTTPAddress)
	assert.Equal(t, deployment.Text("0.0.0.0:80"), value.Text)
	assert.Equal(t, deployment.Origin{Kind: "host", Name: "coder-2", File: filepath.Join(dir, "coder-2.env"), Line: 3}, value.Origin)
	require.Len(t, said, 2)
	assert.Contains(t, said[0], "notes.txt is not read")
	assert.Contains(t, said[1], "url is not read")

	bare := files(t, map[string]string{"coder-1": "A=b\n", "coder-2": "A=b\n", "notes.txt": ""})
	assert.Len(t, read(t, Options{EnvDirs: []string{bare}}).Replicas, 2, "named without an extension")
}

func TestAnEmptyLineCountsByVersion(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"coder-1.env": "CODER_HTTP_ADDRESS=\nCODER_DERP_SERVER_ENABLE=\nCODER_PG_CONNECTION_URL=\n"})
	old := read(t, Options{EnvDirs: []string{dir}, CoderVersion: "2.33"}).Replicas[0]
	assert.Equal(t, deployment.Missing, old.Env(coder.HTTPAddress).State)
	assert.True(t, old.EmbeddedRelay())
	current := read(t, Options{EnvDirs: []string{dir}, CoderVersion: "2.34"}).Replicas[0]
	assert.Equal(t, deployment.Known, current.Env(coder.HTTPAddress).State)
	assert.False(t, current.EmbeddedRelay())
	assert.True(t, current.Env(coder.PostgresURL).Unset())
}

func TestFlagsWinOverFilesAndFilesOverTheUnit(t *testing.T) {
	t.Parallel()
	const unit = `[Service]
EnvironmentFile=/etc/coder.d/coder.env
Environment=CODER_ACCESS_URL=https://unit.example.com CODER_CLUSTER_HOST=10.0.0.9 "CODER_DERP_SERVER_RELAY_URL=http://%H:8080"
Environment=CODER_CACHE_DIRECTORY=%h/cache CODER_PROVISIONER_DAEMONS=3
UnsetEnvironment=CODER_PROVISIONER_DAEMONS
ExecStart=/usr/bin/coder server --http-address \
  0.0.0.0:8080 -a ""
`
	dir := files(t, map[string]string{
		"env/coder-1.env": "CODER_ACCESS_URL=https://file.example.com\nCODER_HTTP_ADDRESS=0.0.0.0:80\n", "coder.service": unit,
		"coder.service.d/10-host.conf": "[Service]\nEnvironment=CODER_CLUSTER_HOST=10.0.0.1\n",
	})
	d := read(t, Options{
		EnvDirs: []string{filepath.Join(dir, "env")}, CoderVersion: "2.33",
		Units: []string{filepath.Join(dir, "coder.service"), "coder-1=" + filepath.Join(dir, "coder.service.d")},
	})
	r := d.Replicas[0]
	for name, want := range map[string]string{
		coder.AccessURL: "https://file.example.com", coder.HTTPAddress: "0.0.0.0:8080", coder.ClusterHost: "10.0.0.1", coder.RelayURL: "http://coder-1:8080", coder.ProvisionerDaemons: "",
	} {
		assert.Equal(t, deployment.Text(want), r.Env(name).Text, name)
	}
	assert.Equal(t, filepath.Join(dir, "coder.service"), r.Env(coder.HTTPAddress).Origin.File)
	assert.Equal(t, 6, r.Env(coder.HTTPAddress).Origin.Line)
	cache := r.Env("CODER_CACHE_DIRECTORY")
	assert.Equal(t, deployment.Unknown, cache.State)
	assert.Contains(t, cache.Why, "%h")
	assert.Empty(t, r.Opaque)
}

func TestWhatIsNotInTheInputLeavesVariablesOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ unit, env, why string }{
		"another environment file": {unit: "[Service]\nEnvironmentFile=/etc/coder.d/coder.env\nEnvironmentFile=-/etc/coder.d/more.env\n", why: "/etc/coder.d/more.env"},
		"a program around coderd":  {unit: "[Service]\nExecStart=/usr/local/bin/start-coder\n", why: "does not start coder itself"},
		"a part of its command":    {unit: "[Service]\nExecStart=/usr/bin/coder server --access-url $URL\n", why: "only the host knows"},
		"a config file":            {env: "CODER_CONFIG_PATH=/etc/coder.yaml\n", why: "the file of CODER_CONFIG_PATH"},
		"a file that is missing":   {env: "missing", why: "which is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, map[string]string{"coder.env": c.env, "coder.service": c.unit})
			o := Options{EnvFiles: []string{"coder-1=" + filepath.Join(dir, "coder.env")}}
			if c.unit != "" {
				o.Units = []string{filepath.Join(dir, "coder.service")}
			}
			if c.env == "missing" {
				require.NoError(t, os.Remove(filepath.Join(dir, "coder.env")))
			}
			value := read(t, o).Replicas[0].Env(coder.AccessURL)
			assert.Equal(t, deployment.Unknown, value.State)
			assert.Contains(t, value.Why, c.why)
			assert.NotEmpty(t, value.Proof)
		})
	}
}

func TestTablesDescribeHostsToo(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"docs.csv":   "Name,`CODER_HTTP_ADDRESS`,`CODER_ACCESS_URL`\n`coder-1`,*:80,https://coder.big.corp\n",
		"hosts.csv":  "name, CODER_HTTP_ADDRESS, CODER_ACCESS_URL\ncoder-1, 0.0.0.0:80, https://coder.example.com\n\ncoder-2, , https://coder.example.com\n",
		"hosts.yaml": "env:\n  CODER_ACCESS_URL: https://coder.example.com\nnodes:\n- name: coder-1\n  env: {CODER_HTTP_ADDRESS: '0.0.0.0:80'}\n- name: coder-2\n",
	})
	for _, name := range []string{"hosts.csv", "hosts.yaml"} {
		d := read(t, Options{Table: filepath.Join(dir, name)})
		require.Len(t, d.Replicas, 2, name)
		assert.Equal(t, deployment.Text("0.0.0.0:80"), d.Replicas[0].Env(coder.HTTPAddress).Text, name)
		assert.Equal(t, deployment.Missing, d.Replicas[1].Env(coder.HTTPAddress).State, name)
		assert.Equal(t, deployment.Text("https://coder.example.com"), d.Replicas[1].Env(coder.AccessURL).Text, name)
	}
	csv := read(t, Options{Table: filepath.Join(dir, "hosts.csv")})
	assert.Equal(t, 4, csv.Replicas[1].Env(coder.AccessURL).Origin.Line)
}

func TestWhatCannotBeReadIsOneSentence(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"empty/notes.txt": "", "coder-1.env": "A=hunter2\n", "drop-ins/readme": "",
		"no-name.csv": "host name,CODER_ACCESS_URL\nhunter2,x\n", "short.csv": "name,A\nhunter2\n", "same.csv": "name,A\ncoder-1,b\ncoder-1,b\n", "none.csv": "name,A\n",
		"list.yaml": "- hunter2\n", "broken.yaml": "env: {A: hunter2\n", "other.yaml": "nodes: []\nhunter2: x\n", "map.yaml": "nodes: [{name: a, env: [hunter2]}]\n", "deep.yaml": "nodes: [{name: a, env: {A: {b: hunter2}}}]\n", "name.yaml": "nodes: [{name: '../hunter2'}]\n",
		"section.service": "[Service\n",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	host := []string{"coder-1=" + at("coder-1.env")}
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no name":                    {Options{EnvFiles: []string{at("coder-1.env")}}, "write it as NAME=FILE"},
		"an empty name":              {Options{EnvFiles: []string{"=" + at("coder-1.env")}}, "write it as NAME=FILE"},
		"a folder without files":     {Options{EnvDirs: []string{at("empty")}}, "it has no environment files"},
		"a folder that is not there": {Options{EnvDirs: []string{at("none")}}, "no such file"},
		"a folder as a file":         {Options{EnvFiles: []string{"coder-1=" + dir}}, "it is a directory"},
		"a unit alone":               {Options{Units: []string{at("section.service")}}, "--unit needs the hosts"},
		"a unit of another host":     {Options{EnvFiles: host, Units: []string{"coder-7=" + at("section.service")}}, "there is no host coder-7"},
		"a unit that is not there":   {Options{EnvFiles: host, Units: []string{at("none.service")}}, "no such file"},
		"a unit that is none":        {Options{EnvFiles: host, Units: []string{at("section.service")}}, "line 1: the name of a section is not closed"},
		"a folder without drop-ins":  {Options{EnvFiles: host, Units: []string{at("drop-ins")}}, "it has no drop-ins"},
		"a table without names":      {Options{Table: at("no-name.csv")}, "line 1: no column has the names"},
		"a row that is short":        {Options{Table: at("short.csv")}, "line 2: wrong number of fields"},
		"a host twice":               {Options{Table: at("same.csv")}, "line 3: the host coder-1 is there already"},
		"a table without rows":       {Options{Table: at("none.csv")}, "it has no hosts"},
		"a list":                     {Options{Table: at("list.yaml")}, "it must have the keys env"},
		"what is no YAML":            {Options{Table: at("broken.yaml")}, "it must have the keys env"},
		"another key":                {Options{Table: at("other.yaml")}, "line 2: it must have the keys env"},
		"variables in a list":        {Options{Table: at("map.yaml")}, "line 1: env must be a map"},
		"a value that is none":       {Options{Table: at("deep.yaml")}, "line 1: the value of A must be a text"},
		"a name that is none":        {Options{Table: at("name.yaml")}, "line 1: the name of a host has"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.Say = func(string) {}
			_, err := Read(t.Context(), c.o)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestSecretsOfHostsAreMadeKnown(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"coder-1.env": "CODER_PG_CONNECTION_URL=postgres://coder:hunter2hunter2@db/coder\nCODER_OIDC_CLIENT_SECRET=correct-horse\n"})
	known := secrets.New()
	read(t, Options{EnvDirs: []string{dir}, Secrets: known})
	shown := known.Hide("it says hunter2hunter2 and correct-horse")
	assert.NotContains(t, shown, "hunter2")
	assert.NotContains(t, shown, "correct")
	assert.True(t, strings.HasPrefix(shown, "it says "))
}

func TestAFileOfAllHostsComesBehindTheirOwn(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"env/coder-1.env": "CODER_ACCESS_URL=https://own.example.com\n", "env/coder-2.env": "A=b\n", "secrets.env": "CODER_ACCESS_URL=https://all.example.com\n",
		"coder.service.d/50.conf": "[Service]\nEnvironmentFile=/etc/coder.d/secrets.env\n",
	})
	d := read(t, Options{
		EnvDirs: []string{filepath.Join(dir, "env")}, EnvFiles: []string{"*=" + filepath.Join(dir, "secrets.env")}, Units: []string{filepath.Join(dir, "coder.service.d")},
	})
	require.Len(t, d.Replicas, 2)
	for _, r := range d.Replicas {
		assert.Equal(t, deployment.Text("https://all.example.com"), r.Env(coder.AccessURL).Text)
		assert.Empty(t, r.Opaque)
	}
}
