package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Foreign is a cluster that something else runs. It can be used but not
// broken: CutNode, HealNode and KillContainer are errors, Down does nothing.
func Foreign(kubeconfig string) (*Cluster, error) {
	path, err := filepath.Abs(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("finding %s: %w", kubeconfig, err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("the cluster's kubeconfig: %w", err)
	}
	client, err := newClient(path)
	if err != nil {
		return nil, err
	}
	return &Cluster{Kubeconfig: path, Client: client}, nil
}

// Own tells whether this package runs the cluster.
func (c *Cluster) Own() bool { return c.dir != "" }

// Kubectl is the kubectl of the cluster's release, or, for a cluster that something
// else runs, the one in PATH.
func (c *Cluster) Kubectl() string {
	if !c.Own() {
		return "kubectl"
	}
	return filepath.Join(c.layout.Bin, "kubectl")
}

// SharedDir is a folder that is the same on all nodes, in the place of a
// network volume. It goes with the cluster.
func (c *Cluster) SharedDir() string { return filepath.Join(c.dir, "shared") }

var errForeign = errors.New("this cluster is not ours to break")
