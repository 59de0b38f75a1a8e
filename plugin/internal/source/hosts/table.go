package hosts

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/limits"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// readTable reads the hosts of a table: CSV, or YAML by the name of the file.
func readTable(ctx context.Context, path string) ([]*node, error) {
	content, err := limits.ReadFile(ctx, path, limits.Table)
	if err != nil {
		return nil, fmt.Errorf("--from-table: %w", err)
	}
	read := readCSV
	if ext := strings.ToLower(filepath.Ext(path)); ext == ".yaml" || ext == ".yml" || ext == ".json" {
		read = readYAML
	}
	nodes, err := read(path, content)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--from-table %s: %w", path, err)
	case len(nodes) == 0:
		return nil, fmt.Errorf("--from-table %s: it has no hosts", path)
	}
	return nodes, nil
}

// newNode is a host of a table; two of one name cannot be told apart.
func newNode(nodes []*node, path string, line int, name string) (*node, error) {
	switch {
	case !validHost(name):
		return nil, fmt.Errorf("line %d: the name of a host has letters, digits, dots and dashes only", line)
	case slices.ContainsFunc(nodes, func(n *node) bool { return n.name == name }):
		return nil, fmt.Errorf("line %d: the host %s is there already", line, name)
	}
	return &node{name: name, at: deployment.Origin{File: path, Line: line}}, nil
}

func (n *node) set(name, text string, line int) {
	n.table = append(n.table, variable{
		Assignment: systemd.Assignment{Name: name, Text: text, Line: line},
		at:         deployment.Origin{Kind: kind, Name: n.name, File: n.at.File, Line: line},
	})
}

// nameColumns are the titles of the column with the names of the hosts.
var nameColumns = []string{"name", "node", "host", "hostname"}

// readCSV reads a table with a row for each host: a column with its name, and one
// for each variable. An empty field leaves its variable out.
func readCSV(path string, content []byte) ([]*node, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))))
	r.TrimLeadingSpace = true
	titles, err := r.Read()
	if err != nil {
		return nil, errors.New("its first row must name the columns: name, CODER_ACCESS_URL and so on")
	}
	at := slices.IndexFunc(titles, func(title string) bool {
		return slices.Contains(nameColumns, strings.ToLower(strings.TrimSpace(title)))
	})
	if at < 0 {
		return nil, errors.New("line 1: no column has the names of the hosts: call it name")
	}
	var nodes []*node
	for {
		row, err := r.Read()
		if err != nil {
			return nodes, endOf(err)
		}
		line, _ := r.FieldPos(at)
		n, err := newNode(nodes, path, line, strings.TrimSpace(row[at]))
		if err != nil {
			return nil, err
		}
		for i, text := range row {
			name := strings.Trim(strings.TrimSpace(titles[i]), "`")
			if i != at && text != "" {
				n.set(name, strings.TrimSpace(text), line)
			}
		}
		nodes = append(nodes, n)
	}
}

// yamlTable is a table in YAML.
type yamlTable struct {
	Env   yaml.Node  `yaml:"env"`
	Nodes []yamlHost `yaml:"nodes"`
}

type yamlHost struct {
	Name yaml.Node `yaml:"name"`
	Env  yaml.Node `yaml:"env"`
}

// readYAML reads a table with variables of all hosts and of each one.
func readYAML(path string, content []byte) ([]*node, error) {
	var table yamlTable
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&table); err != nil {
		return nil, notTable(err)
	}
	var nodes []*node
	for _, host := range table.Nodes {
		n, err := newNode(nodes, path, host.Name.Line, host.Name.Value)
		if err != nil {
			return nil, err
		}
		for _, env := range []*yaml.Node{&table.Env, &host.Env} {
			if err := n.addYAML(env); err != nil {
				return nil, err
			}
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// addYAML takes over a map of variables.
func (n *node) addYAML(env *yaml.Node) error {
	if env.IsZero() || env.Tag == "!!null" {
		return nil
	}
	if env.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: env must be a map of variables", env.Line)
	}
	for i := 0; i+1 < len(env.Content); i += 2 {
		key, value := env.Content[i], env.Content[i+1]
		if value.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: the value of %s must be a text", value.Line, key.Value)
		}
		n.set(key.Value, value.Value, key.Line)
	}
	return nil
}
