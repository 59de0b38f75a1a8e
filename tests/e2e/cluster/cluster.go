// Package cluster runs a real Kubernetes cluster on one Linux machine, without
// a container engine and without touching the machine: a control plane and
// several nodes, each in network, mount and process namespaces of its own.
//
// Who starts whom:
//
//	caller ── keeper ── control plane ── node 1 … node n
//	          (host)    (PID 1 of the    (PID 1 of its own)
//	                     cluster)
//
// The keeper lives outside of the namespaces. It ends when it is told to, or
// when its caller dies, and then removes what a dead namespace cannot take
// with it: control groups and files. Everything else (processes, mounts,
// links, routes, packet filters) dies with the namespaces, by the kernel's
// hand, so that neither a failed test nor SIGKILL leaves anything behind.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Config says which cluster to start.
type Config struct {
	// Name tells clusters on one machine apart: "dev", "e2e".
	Name string
	// Nodes is the number of worker nodes, 1 to 9.
	Nodes int
	// IPv6 makes a single-stack IPv6 cluster instead of an IPv4 one.
	IPv6 bool
	// Images are tarballs (docker archive format) that every node imports
	// before it is ready.
	Images []string
	// Detached lets the cluster outlive the calling process. Otherwise it
	// ends with it, however that dies.
	Detached bool
	// Progress receives one line for each step; nil for silence.
	Progress io.Writer
}

// Cluster is a running cluster.
type Cluster struct {
	// Kubeconfig is the path of the administrator's kubeconfig file.
	Kubeconfig string
	// Client talks to the cluster as its administrator.
	Client kubernetes.Interface

	dir    string
	layout layout
	// leash is the write end of a pipe whose other end the keeper reads:
	// when the last holder of it is gone, the keeper takes the cluster down.
	leash *os.File
}

// readyTimeout bounds a start, from the first process to the last Ready node.
const readyTimeout = 2 * time.Minute

// Up starts a cluster and returns when every node is Ready. What is left of an
// earlier cluster of this name whose processes are gone is removed first; a
// running one is an error.
func Up(ctx context.Context, cfg Config) (*Cluster, error) {
	if cfg.Progress == nil {
		cfg.Progress = io.Discard
	}
	root, err := RepositoryRoot()
	if err != nil {
		return nil, err
	}
	tools, err := preflight(cfg)
	if err != nil {
		return nil, err
	}
	bin, err := Build(ctx, root, cfg.Progress)
	if err != nil {
		return nil, err
	}
	dir := stateDir(root, cfg.Name)
	if pid, running := runningKeeper(dir); running {
		return nil, fmt.Errorf("cluster %q is already up (process %d); take it down first: %s", cfg.Name, pid, downCommand(cfg.Name))
	}
	if err := cleanUp(dir); err != nil {
		return nil, fmt.Errorf("removing what an earlier cluster left: %w", err)
	}
	endTurn, err := takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer endTurn()
	lay, err := newLayout(cfg)
	if err != nil {
		return nil, err
	}
	lay.Bin, lay.CNI, lay.Images = bin, tools.cni, cfg.Images
	if err := lay.write(dir); err != nil {
		return nil, err
	}
	fmt.Fprintf(cfg.Progress, "starting cluster %q: control plane and %d nodes, %s\n", cfg.Name, cfg.Nodes, lay.family())
	begin := time.Now()
	c, err := start(ctx, dir, lay, cfg.Detached)
	if err != nil {
		return nil, err
	}
	if err := c.waitReady(ctx); err != nil {
		return nil, errors.Join(err, c.Down())
	}
	fmt.Fprintf(cfg.Progress, "ready after %.1f s\n", time.Since(begin).Seconds())
	return c, nil
}

// Down ends the cluster and returns when nothing of it is left.
func (c *Cluster) Down() error {
	if !c.Own() {
		return nil
	}
	if c.leash != nil {
		c.leash.Close()
	}
	return down(c.dir)
}

// Down ends the cluster of this name, running or not. It reports false when
// there was nothing to end.
func Down(name string) (bool, error) {
	if err := needRoot(); err != nil {
		return false, err
	}
	root, err := RepositoryRoot()
	if err != nil {
		return false, err
	}
	dir := stateDir(root, name)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return true, down(dir)
}

// Kubeconfig returns the path of the administrator's kubeconfig file of the
// running cluster of this name.
func Kubeconfig(name string) (string, error) {
	root, err := RepositoryRoot()
	if err != nil {
		return "", err
	}
	dir := stateDir(root, name)
	if _, running := runningKeeper(dir); !running {
		return "", fmt.Errorf("cluster %q is not up", name)
	}
	return filepath.Join(dir, adminKubeconfig), nil
}

func stateDir(root, name string) string {
	return filepath.Join(root, ".cache", "e2e", "clusters", name)
}

// logDir keeps the logs of the last cluster in this state directory, beyond
// the life of the cluster.
func logDir(dir string) string {
	return filepath.Join(filepath.Dir(filepath.Dir(dir)), "logs", filepath.Base(dir))
}

func downCommand(name string) string {
	return "go -C tests/e2e run ./cmd/cluster down --name " + name
}

// waitReady polls until every node is Ready and pods can be made, the context ends or the keeper
// gave up.
func (c *Cluster) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := errors.New("no answer from the API server yet")
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("cluster not ready: %w (%w); logs are in %s", last, ctx.Err(), logDir(c.dir))
		case <-tick.C:
		}
		if reason, err := os.ReadFile(filepath.Join(c.dir, failureFile)); err == nil {
			return fmt.Errorf("cluster did not start: %s; logs are in %s", strings.TrimSpace(string(reason)), logDir(c.dir))
		}
		if _, running := runningKeeper(c.dir); !running {
			return fmt.Errorf("cluster did not start: its keeper ended; logs are in %s", logDir(c.dir))
		}
		nodes, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			last = err
			continue
		}
		ready := 0
		for i := range nodes.Items {
			if nodeReady(&nodes.Items[i]) {
				ready++
			}
		}
		if ready < c.layout.Nodes {
			last = fmt.Errorf("%d of %d nodes ready", ready, c.layout.Nodes)
			continue
		}
		// Pods are refused until the controllers have made it.
		if _, err := c.Client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
			last = err
			continue
		}
		return nil
	}
}

func nodeReady(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", kubeconfig, err)
	}
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client from %s: %w", kubeconfig, err)
	}
	return client, nil
}
