package render

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

var update = flag.Bool("update", false, "write the golden files anew")

// three are three hosts that listen on port 80.
func three() Plan {
	return Plan{
		AccessURL: "https://coder.example.com", WildcardAccessURL: "*.coder.example.com", HTTPAddress: "0.0.0.0:80", Version: coder.ParseVersion("2.37"),
		Nodes: []Node{{"coder-1", "10.0.0.1"}, {"coder-2", "10.0.0.2"}, {"coder-3", "10.0.0.3"}},
	}
}

func TestEveryFormat(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Plan){
		"three-hosts": func(*Plan) {},
		"ipv6": func(p *Plan) {
			p.Nodes = []Node{{"coder-1", "fd00::1"}, {"coder-2", "fd00::2"}}
			p.HTTPAddress = "[::]:8080"
		},
		"tls": func(p *Plan) {
			p.HTTPAddress = ""
			p.TLS = &TLS{Address: "0.0.0.0:443", CertFile: "/etc/coder.d/tls.crt", KeyFile: "/etc/coder.d/tls.key"}
		},
		"custom-relays": func(p *Plan) { p.Relays = &Relays{ConfigURL: "https://derp.example.com/map.json"} },
		"before-cluster-hosts": func(p *Plan) {
			p.Version = coder.ParseVersion("v2.34.2")
			p.Relays = &Relays{ConfigPath: "/etc/coder.d/derp.json"}
		},
		"with-the-database-url": func(p *Plan) {
			p.PostgresURL = "postgres://coder:a$b@db.example.com/coder"
			p.Env = map[string]string{"CODER_OIDC_CLIENT_SECRET": "quoted \"$HOME\"", "CODER_PROVISIONER_DAEMONS": "0"}
		},
	} {
		for _, format := range Formats() {
			t.Run(name+" as "+format, func(t *testing.T) {
				t.Parallel()
				p := three()
				change(&p)
				require.NoError(t, p.Problem())
				files, err := p.Files(Format(format))
				require.NoError(t, err)
				var out strings.Builder
				for _, f := range files {
					mode := "everyone"
					if f.Secret {
						mode = "the owner"
					}
					out.WriteString("==> " + f.Name + ", read by " + mode + "\n" + f.Text)
				}
				path := filepath.Join("testdata", name, format+".golden")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
					require.NoError(t, os.WriteFile(path, []byte(out.String()), 0o600))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, string(want), out.String())
			})
		}
	}
}

func TestAPlanThatSaysTooLittleIsOneSentence(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Plan){
		"the access URL is missing":           func(p *Plan) { p.AccessURL = "" },
		"no hosts are named":                  func(p *Plan) { p.Nodes = nil },
		"nothing says where the hosts listen": func(p *Plan) { p.HTTPAddress = "" },
		"80 is no address to listen on":       func(p *Plan) { p.HTTPAddress = "80" },
		"its port must be between":            func(p *Plan) { p.HTTPAddress = ":70000" },
		"must be an IP address or a name":     func(p *Plan) { p.Nodes[1].Address = "http://10.0.0.2" },
		"of host coder-2 must be an IP":       func(p *Plan) { p.Nodes[1].Address = "" },
		"the host coder-1 is named twice":     func(p *Plan) { p.Nodes[1].Name = "coder-1" },
		"one of a URL and a path":             func(p *Plan) { p.Relays = &Relays{} },
		"TLS needs an address":                func(p *Plan) { p.TLS = &TLS{} },
		"env holds CODER_ACCESS_URL":          func(p *Plan) { p.Env = map[string]string{"CODER_ACCESS_URL": "x"} },
	} {
		p := three()
		change(&p)
		assert.ErrorContains(t, p.Problem(), want)
	}
}

func TestADocumentIsReadAsItIsDescribed(t *testing.T) {
	t.Parallel()
	d, err := ParseDocument([]byte(`accessURL: https://coder.example.com
httpAddress: 0.0.0.0:80
coderVersion: 2.37
tls: {address: "0.0.0.0:443", certFile: /a, keyFile: /b, relay: true}
relays: {configURL: https://derp.example.com}
postgresURLFile: url
env: {CODER_PROVISIONER_DAEMONS: 0}
nodes:
- {name: coder-1, address: 10.0.0.1}
`))
	require.NoError(t, err)
	assert.Equal(t, Plan{
		AccessURL: "https://coder.example.com", HTTPAddress: "0.0.0.0:80", Version: coder.ParseVersion("2.37"), TLS: &TLS{"0.0.0.0:443", "/a", "/b", true},
		Relays: &Relays{ConfigURL: "https://derp.example.com"}, Env: map[string]string{"CODER_PROVISIONER_DAEMONS": "0"}, Nodes: []Node{{"coder-1", "10.0.0.1"}},
	}, d.Plan())
	for text, want := range map[string]string{
		"accessURL: x\nacessURL: x\n":    "line 2: field acessURL not found: docs/nodes.schema.json lists the keys",
		"nodes: [{name: a, env: hunter2": "line 1: it is not as docs/nodes.schema.json describes it",
		"nodes: hunter2\n":               "line 1: it is not as docs/nodes.schema.json describes it",
	} {
		_, err := ParseDocument([]byte(text))
		require.EqualError(t, err, want)
	}
	empty, err := ParseDocument(nil)
	require.NoError(t, err)
	assert.Error(t, empty.Plan().Problem())
}
