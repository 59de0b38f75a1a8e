// Package hosts reads the replicas that run on hosts without Kubernetes into the
// model: from the environment files of systemd, the units beside them, or a table
// of hosts.
package hosts

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coder-ha/coder-ha/plugin/internal/coder"
	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
	"github.com/coder-ha/coder-ha/plugin/internal/secrets"
	"github.com/coder-ha/coder-ha/plugin/internal/systemd"
)

// Options name what describes the hosts.
type Options struct {
	// EnvFiles are NAME=FILE: an environment file of the host of that name, or of all
	// hosts where the name is an asterisk.
	EnvFiles []string
	// EnvDirs are folders with an environment file for each host, named after it.
	EnvDirs []string
	// Units are units, drop-ins and folders of drop-ins, of all hosts or, as
	// NAME=FILE, of one.
	Units []string
	// Table is a file with all hosts.
	Table string
	// CoderVersion is the version of Coder, as the user says.
	CoderVersion string
	// Secrets take what no output may hold.
	Secrets *secrets.Known
	// Say takes a sentence that a user should know at once.
	Say func(sentence string)
}

// Named says whether the user names any host.
func (o Options) Named() bool {
	return len(o.EnvFiles)+len(o.EnvDirs)+len(o.Units) > 0 || o.Table != ""
}

// Files are the files beside which a suppress file is looked for.
func (o Options) Files() []string {
	var files []string
	for _, pair := range o.EnvFiles {
		_, path, _ := strings.Cut(pair, "=")
		files = append(files, path)
	}
	for _, dir := range o.EnvDirs {
		files = append(files, filepath.Join(dir, "x"))
	}
	if o.Table != "" {
		files = append(files, o.Table)
	}
	return files
}

// errNoHosts says that units alone describe no hosts.
var errNoHosts = errors.New("--unit needs the hosts that it is for: name them with --env-file, --env-dir or --from-table")

// Read makes the model of the hosts.
func Read(ctx context.Context, o Options) (*deployment.Deployment, error) {
	nodes, source, err := o.nodes(ctx)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 {
		return nil, errNoHosts
	}
	if err := o.units(ctx, nodes); err != nil {
		return nil, err
	}
	o.learn(nodes)
	return model(nodes, source, o.CoderVersion), nil
}

// Content is a file that is not on disk yet.
type Content struct {
	// Host is the host that it is for; empty for all of them.
	Host string
	// Path is where it will be, and Text what it will hold.
	Path, Text string
}

// Of makes the model of hosts from what their files will hold.
func Of(envFiles, units []Content, coderVersion string) (*deployment.Deployment, error) {
	var nodes []*node
	for _, f := range envFiles {
		n := &node{name: f.Host}
		n.take(f.Path, []byte(f.Text), 0o600)
		nodes = append(nodes, n)
	}
	for _, f := range units {
		directives, err := systemd.ParseUnit([]byte(f.Text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		for _, n := range nodes {
			if f.Host == "" || f.Host == n.name {
				n.unit.add(f.Path, directives)
			}
		}
	}
	return model(nodes, "rendered files", coderVersion), nil
}

// model is that of the hosts.
func model(nodes []*node, source, coderVersion string) *deployment.Deployment {
	d := &deployment.Deployment{Source: source, Version: coder.ParseVersion(coderVersion)}
	for i, n := range nodes {
		w := deployment.Workload{Kind: kind, Name: n.name, Replicas: 1, Origin: n.origin(), Host: &deployment.Host{Unit: n.unit.model()}}
		r := deployment.Replica{Name: n.name, Workload: i}
		e := environment{node: n, version: d.Version, workload: &w, replica: &r}
		e.resolve()
		d.Workloads = append(d.Workloads, w)
		d.Replicas = append(d.Replicas, r)
	}
	return d
}

// kind is that of hosts, where those of Kubernetes have theirs.
const kind = "host"

// node is a host with what was read of it.
type node struct {
	name  string
	files []envFile
	unit  unit
	// table are the variables of a table.
	table []variable
	at    deployment.Origin
}

// origin is where a host is described.
func (n *node) origin() deployment.Origin {
	at := n.at
	if at.File == "" && len(n.files) > 0 {
		at.File = n.files[0].path
	}
	at.Kind, at.Name = kind, n.name
	return at
}

// nodes are the hosts in the order in which they were named. Source says what was
// read, for people.
func (o Options) nodes(ctx context.Context) (nodes []*node, source string, err error) {
	named := func(name string) *node {
		at := slices.IndexFunc(nodes, func(n *node) bool { return n.name == name })
		if at < 0 {
			nodes = append(nodes, &node{name: name})
			at = len(nodes) - 1
		}
		return nodes[at]
	}
	source = "environment files"
	if o.Table != "" {
		source = o.Table
		if nodes, err = readTable(ctx, o.Table); err != nil {
			return nil, "", err
		}
	}
	var ofAll []string
	for _, pair := range o.EnvFiles {
		name, path, ok := strings.Cut(pair, "=")
		if name == allHosts && path != "" {
			ofAll = append(ofAll, path)
			continue
		}
		if !ok || path == "" || !validHost(name) {
			return nil, "", fmt.Errorf("--env-file %s: write it as NAME=FILE, with the name of the host, such as coder-1=coder-1.env", pair)
		}
		if err := named(name).add(ctx, path); err != nil {
			return nil, "", fmt.Errorf("--env-file: %w", err)
		}
	}
	for _, dir := range o.EnvDirs {
		found, err := o.directory(dir)
		if err != nil {
			return nil, "", err
		}
		for _, f := range found {
			if err := named(f.host).add(ctx, f.path); err != nil {
				return nil, "", fmt.Errorf("--env-dir: %w", err)
			}
		}
	}
	for _, path := range ofAll {
		for _, n := range nodes {
			if err := n.add(ctx, path); err != nil {
				return nil, "", fmt.Errorf("--env-file: %w", err)
			}
		}
	}
	return nodes, source, nil
}

// allHosts stands for the name of a host.
const allHosts = "*"

// validHost says whether a text can be the name of a host.
func validHost(name string) bool {
	return name != "" && !strings.HasPrefix(name, "-") && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	}) < 0
}
