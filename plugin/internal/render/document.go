package render

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
)

// Document is a plan as it stands in a file; docs/nodes.schema.json describes it.
type Document struct {
	AccessURL         string `yaml:"accessURL"`
	WildcardAccessURL string `yaml:"wildcardAccessURL"`
	HTTPAddress       string `yaml:"httpAddress"`
	CoderVersion      string `yaml:"coderVersion"`
	TLS               *struct {
		Address  string `yaml:"address"`
		CertFile string `yaml:"certFile"`
		KeyFile  string `yaml:"keyFile"`
		Relay    bool   `yaml:"relay"`
	} `yaml:"tls"`
	Relays *struct {
		ConfigURL  string `yaml:"configURL"`
		ConfigPath string `yaml:"configPath"`
	} `yaml:"relays"`
	// PostgresURLFile is relative to the folder of the document.
	PostgresURLFile string            `yaml:"postgresURLFile"`
	Env             map[string]string `yaml:"env"`
	Nodes           []struct {
		Name    string `yaml:"name"`
		Address string `yaml:"address"`
	} `yaml:"nodes"`
}

// linePattern finds where the decoder stopped. Its own words may quote the file,
// which may hold secrets.
var linePattern = regexp.MustCompile(`line (\d+): (field \w+ not found)?`)

// ParseDocument reads a document. An error does not quote it, but for a key that is
// not known.
func ParseDocument(content []byte) (Document, error) {
	var d Document
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(&d)
	if err == nil || errors.Is(err, io.EOF) {
		return d, nil
	}
	m := linePattern.FindStringSubmatch(err.Error())
	switch {
	case m == nil:
		return d, errors.New("it is not a document as docs/nodes.schema.json describes it")
	case m[2] != "":
		return d, fmt.Errorf("line %s: %s: docs/nodes.schema.json lists the keys", m[1], m[2])
	default:
		return d, fmt.Errorf("line %s: it is not as docs/nodes.schema.json describes it", m[1])
	}
}

// Plan is the plan of the document, without the database URL.
func (d Document) Plan() Plan {
	p := Plan{
		AccessURL: d.AccessURL, WildcardAccessURL: d.WildcardAccessURL, HTTPAddress: d.HTTPAddress,
		Env: d.Env, Version: coder.ParseVersion(d.CoderVersion),
	}
	if d.TLS != nil {
		p.TLS = &TLS{Address: d.TLS.Address, CertFile: d.TLS.CertFile, KeyFile: d.TLS.KeyFile, Relay: d.TLS.Relay}
	}
	if d.Relays != nil {
		p.Relays = &Relays{ConfigURL: d.Relays.ConfigURL, ConfigPath: d.Relays.ConfigPath}
	}
	for _, n := range d.Nodes {
		p.Nodes = append(p.Nodes, Node{Name: n.Name, Address: n.Address})
	}
	return p
}
