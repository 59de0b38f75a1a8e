package render

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// encode writes a document with a comment above it.
func encode(comment string, document any) (string, error) {
	var out bytes.Buffer
	out.WriteString(comment)
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(document); err != nil {
		return "", fmt.Errorf("write YAML: %w", err)
	}
	return out.String(), encoder.Close()
}

// composeService is the part of a compose file that is written.
type composeService struct {
	Image string `yaml:"image"`
	// The cluster host must be an address of the container's own network.
	NetworkMode string    `yaml:"network_mode"`
	Restart     string    `yaml:"restart"`
	StopGrace   string    `yaml:"stop_grace_period"`
	Environment yaml.Node `yaml:"environment"`
}

// The variables of a compose file that come from the .env beside it.
const (
	composeVersion = "${CODER_VERSION:?set it to a version of Coder, such as v2.37.1}"
	composeURL     = "${" + coder.PostgresURL + ":?set it, the same on all hosts}"
)

// composeFiles are a compose file for each host, and the .env beside it, where the
// database URL is known.
func (p Plan) composeFiles() ([]File, error) {
	var files []File
	for _, n := range p.Nodes {
		env := yaml.Node{Kind: yaml.MappingNode}
		for _, line := range p.Lines(n) {
			// Compose expands dollar signs.
			env.Content = append(env.Content, text(line.Name), text(strings.ReplaceAll(line.Text, "$", "$$")))
		}
		env.Content = append(env.Content, text(coder.PostgresURL), text(composeURL))
		image := composeVersion
		if strings.Count(p.Version.Text, ".") > 1 {
			image = "v" + strings.TrimPrefix(p.Version.Text, "v")
		}
		document, err := encode("# compose.yaml on "+n.Name+"\n", map[string]any{
			"services": map[string]composeService{"coder": {
				Image: "ghcr.io/coder/coder:" + image, NetworkMode: "host", Restart: "unless-stopped", StopGrace: "31m", Environment: env,
			}},
		})
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: n.Name + ".compose.yaml", Text: document, Secret: p.hasSecrets()})
	}
	if p.PostgresURL != "" {
		if strings.Contains(p.PostgresURL, "'") || strings.Contains(p.PostgresURL, "\n") {
			return nil, fmt.Errorf("the database URL holds a quote or a line break, which the .env of compose cannot hold: percent-encode it")
		}
		files = append(files, File{Name: ".env", Text: "# .env beside compose.yaml on every host\n" + coder.PostgresURL + "='" + p.PostgresURL + "'\n", Secret: true})
	}
	return files, nil
}

func text(value string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(value)
	return node
}

// kubernetesFiles is the environment of coderd's container: the pods find their own
// addresses.
func (p Plan) kubernetesFiles() ([]File, error) {
	port, err := p.relayPort()
	if err != nil {
		return nil, err
	}
	var entries []coder.Entry
	for _, line := range p.Lines(Node{Name: "pod", Address: "pod"}) {
		switch {
		case own(line.Name) == 1:
		case coder.IsSecret(line.Name):
			entries = append(entries, coder.Entry{Name: line.Name, Secret: "coder-env", Key: line.Name})
		default:
			entries = append(entries, coder.Entry{Name: line.Name, Value: line.Text})
		}
	}
	entries = append(entries, coder.DatabaseWiring("coder-db-url", "url")...)
	relay := coder.RelayWiring(port, p.ipv6())
	relay[1].Value = p.relayScheme() + strings.TrimPrefix(relay[1].Value, "http")
	if !p.needsRelayURL() {
		relay = relay[:1]
	}
	entries = append(entries, relay...)
	if p.Version.AtLeast(2, 35) {
		entries = append(entries, coder.ClusterHostWiring()...)
	}
	return []File{{Name: "env.yaml", Text: "# For the env of coderd's container. The order matters: KUBE_POD_IP stands before what names it.\n" + envYAML(entries)}}, nil
}

// hasSecrets says whether one of the variables is a secret.
func (p Plan) hasSecrets() bool {
	for name := range p.Env {
		if coder.IsSecret(name) {
			return true
		}
	}
	return false
}

// envYAML writes entries with every text quoted where YAML needs that.
func envYAML(entries []coder.Entry) string {
	for i, e := range entries {
		if e.Value == "" && (e.FieldPath != "" || e.Secret != "") {
			continue
		}
		quoted, err := yaml.Marshal(text(e.Value))
		if err == nil {
			entries[i].Value = strings.TrimSuffix(string(quoted), "\n")
		}
		if e.Value == "" {
			entries[i].Value = `""`
		}
	}
	return coder.YAML(entries) + "\n"
}

// ipv6 says whether the hosts have IPv6 addresses.
func (p Plan) ipv6() bool {
	return len(p.Nodes) > 0 && strings.Contains(p.Nodes[0].Address, ":")
}

// cloudFile is an entry of write_files.
type cloudFile struct {
	Path        string `yaml:"path"`
	Owner       string `yaml:"owner"`
	Permissions string `yaml:"permissions"`
	Content     string `yaml:"content"`
}

// cloudConfig is the part of cloud-init's user data that is written.
type cloudConfig struct {
	WriteFiles []cloudFile `yaml:"write_files"`
	RunCommand [][]string  `yaml:"runcmd"`
}

// cloudInitFiles are the user data of each host. Coder's package is installed by
// other means before.
func (p Plan) cloudInitFiles() ([]File, error) {
	var files []File
	for _, n := range p.Nodes {
		env, err := p.EnvFile(n)
		if err != nil {
			return nil, err
		}
		document, err := encode("#cloud-config\n# User data of "+n.Name+"\n", cloudConfig{
			WriteFiles: []cloudFile{
				{EnvPath, "root:root", "0600", env.Text},
				{DropInPath, "root:root", "0644", p.DropIn().Text},
			},
			RunCommand: [][]string{{"systemctl", "daemon-reload"}, {"systemctl", "enable", "--now", "coder.service"}},
		})
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: n.Name + ".cloud-init.yaml", Text: document, Secret: true})
	}
	return files, nil
}
