// Package render writes the configuration of highly available replicas for hosts
// without the chart: from one plan, as environment files, drop-ins of systemd,
// compose files, cloud-init, or the environment of a container. It reads and writes
// no files.
package render

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// Plan is what is rendered.
type Plan struct {
	// AccessURL is where users reach Coder; WildcardAccessURL may be empty.
	AccessURL, WildcardAccessURL string
	// HTTPAddress is where each host listens.
	HTTPAddress string
	// TLS is nil where coderd serves none itself.
	TLS *TLS
	// Relays are the custom relays; nil for the embedded one.
	Relays *Relays
	// Env are more variables of all hosts, by name.
	Env   map[string]string
	Nodes []Node
	// Version is that of Coder; the zero value is an unknown one.
	Version coder.Version
	// PostgresURL is a secret; empty where each host has it in a file of its own,
	// SecretsFile.
	PostgresURL string
}

// Node is one host.
type Node struct {
	Name string
	// Address is an IP address or a name that the other hosts reach it by.
	Address string
}

// TLS is what coderd serves TLS with.
type TLS struct {
	Address, CertFile, KeyFile string
	// Relay says that the hosts reach each other over TLS, too.
	Relay bool
}

// Relays are the DERP relays that replace the embedded one: a URL or a path.
type Relays struct{ ConfigURL, ConfigPath string }

// The paths of Coder's package on a host.
const (
	EnvPath     = "/etc/coder.d/coder.env"
	SecretsFile = "/etc/coder.d/secrets.env"
	DropInPath  = "/etc/systemd/system/coder.service.d/50-high-availability.conf"
)

// Line is a variable of a host.
type Line struct{ Name, Text string }

// Problem says why there is nothing to render.
func (p Plan) Problem() error {
	switch {
	case p.AccessURL == "":
		return errors.New("the access URL is missing: give it with --access-url, such as https://coder.example.com")
	case len(p.Nodes) == 0:
		return errors.New("no hosts are named: give each one with --node NAME=ADDRESS, such as coder-1=10.0.0.1")
	case p.TLS == nil && p.HTTPAddress == "":
		return errors.New("nothing says where the hosts listen: give --http-address, such as 0.0.0.0:80")
	case p.Relays != nil && (p.Relays.ConfigURL == "") == (p.Relays.ConfigPath == ""):
		return errors.New("custom relays need one of a URL and a path of their DERP map")
	case p.TLS != nil && p.TLS.Address == "":
		return errors.New("TLS needs an address to listen on, such as 0.0.0.0:443")
	}
	if _, err := p.relayPort(); err != nil {
		return err
	}
	for i, n := range p.Nodes {
		if n.Address == "" || strings.ContainsAny(n.Address, "[]/ ") || strings.Contains(n.Address, "://") {
			return fmt.Errorf("the address of host %s must be an IP address or a name, without a port or brackets", n.Name)
		}
		if slices.ContainsFunc(p.Nodes[:i], func(before Node) bool { return before.Name == n.Name }) {
			return fmt.Errorf("the host %s is named twice", n.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		if slices.ContainsFunc(p.ofHost(p.Nodes[0]), func(l Line) bool { return l.Name == name }) {
			return fmt.Errorf("env holds %s, which is rendered already: leave it out there", name)
		}
	}
	return nil
}

// relayScheme is that of the relay URLs.
func (p Plan) relayScheme() string {
	if p.TLS != nil && (p.TLS.Relay || p.HTTPAddress == "") {
		return "https"
	}
	return "http"
}

// relayPort is the port that the hosts reach each other's relay on.
func (p Plan) relayPort() (int, error) {
	address := p.HTTPAddress
	if p.relayScheme() == "https" {
		address = p.TLS.Address
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, fmt.Errorf("%s is no address to listen on: write it as HOST:PORT, such as 0.0.0.0:80", address)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, fmt.Errorf("%s is no address to listen on: its port must be between 1 and 65535", address)
	}
	return int(port), nil
}

// Lines are the variables of a host, in the order in which they are written: first
// what all hosts share, then what is its own. The database URL is not among them.
func (p Plan) Lines(n Node) []Line {
	lines := p.ofHost(n)
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		lines = append(lines, Line{name, p.Env[name]})
	}
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(own(a.Name), own(b.Name)) })
	return lines
}

// own is 1 for what each host has for itself, and 0 for what all share.
func own(name string) int {
	if coder.AcrossReplicas(name) == coder.MustDiffer {
		return 1
	}
	return 0
}

// ofHost are the variables that the plan makes for a host.
func (p Plan) ofHost(n Node) []Line {
	lines := []Line{{coder.AccessURL, p.AccessURL}}
	add := func(name, text string) {
		if text != "" {
			lines = append(lines, Line{name, text})
		}
	}
	add(coder.WildcardAccessURL, p.WildcardAccessURL)
	lines = append(lines, Line{coder.HTTPAddress, p.HTTPAddress})
	if p.TLS != nil {
		add(coder.TLSEnable, "true")
		add(coder.TLSAddress, p.TLS.Address)
		add(coder.TLSCertFile, p.TLS.CertFile)
		add(coder.TLSKeyFile, p.TLS.KeyFile)
	}
	if p.Relays != nil {
		add(coder.DERPServerEnable, "false")
		add(coder.DERPConfigURL, p.Relays.ConfigURL)
		add(coder.DERPConfigPath, p.Relays.ConfigPath)
	}
	port, err := p.relayPort()
	if err != nil {
		return lines
	}
	for _, e := range coder.HostWiring(p.Version, p.relayScheme(), n.Address, port) {
		if e.Name != coder.RelayURL || p.needsRelayURL() {
			add(e.Name, e.Value)
		}
	}
	return lines
}

// needsRelayURL says whether something takes the relay URL. With custom relays only
// Coder up to 2.35 does, which drops peers without one (coder/coder pull request
// 27235).
func (p Plan) needsRelayURL() bool { return p.Relays == nil || !p.Version.AtLeast(2, 36) }
