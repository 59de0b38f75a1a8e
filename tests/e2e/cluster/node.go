package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

const (
	containerdSocket = "/run/containerd/containerd.sock"
	// policiesSocket is listened on once NetworkPolicy is enforced.
	policiesSocket = "/run/networkpolicies.sock"
)

// playNode is PID 1 of a node.
func playNode(dir string, args []string) error {
	l, err := readLayout(dir)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return fmt.Errorf("node number %q: %w", args[0], err)
	}
	if _, err := os.NewFile(3, "gate").Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("waiting for the link: %w", err)
	}
	if err := ownMounts(); err != nil {
		return err
	}
	state := filepath.Join(dir, "nodes", fmt.Sprint(n))
	if err := nodeMounts(filepath.Join(state, "lib"), filepath.Join(state, "log")); err != nil {
		return err
	}
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("the repository must not be under /var/lib or /var/log, which a node covers: %w", err)
	}
	if err := nodeNetwork(l, n); err != nil {
		return err
	}
	if err := makeCgroup(l.cgroup(n)); err != nil {
		return err
	}
	return runNode(dir, l, n)
}

func runNode(dir string, l layout, n int) error {
	const etc = "/run/etc"
	if err := writeNodeFiles(etc, dir, l, n); err != nil {
		return err
	}
	r := newReaper(logDir(dir))
	name := l.nodeName(n)
	containerd, err := r.start(name+".containerd", "containerd", "--config", filepath.Join(etc, "containerd.toml"))
	if err != nil {
		return err
	}
	if err := waitSocket(containerd, containerdSocket); err != nil {
		return err
	}
	for _, image := range l.Images {
		err := r.run(name+".images", "ctr", "--address", containerdSocket, "--namespace", "k8s.io", "images", "import", image)
		if err != nil {
			return err
		}
	}
	policies, err := startPolicies(r, dir, l, name)
	if err != nil {
		return err
	}
	kubelet, err := r.start(name+".kubelet", filepath.Join(l.Bin, "kubelet"),
		"--config="+filepath.Join(etc, "kubelet.yaml"), "--kubeconfig="+filepath.Join(dir, name+".kubeconfig"),
		"--hostname-override="+name, "--node-ip="+l.node(n).String())
	if err != nil {
		return err
	}
	proxy, err := r.start(name+".kube-proxy", filepath.Join(l.Bin, "kube-proxy"), "--config="+filepath.Join(etc, "kube-proxy.yaml"))
	if err != nil {
		return err
	}
	return firstEnd([]*child{containerd, policies, kubelet, proxy})
}

// startPolicies starts what enforces NetworkPolicy and returns when it does, so
// that no node is Ready before. It runs in every cluster: packets of pods that
// no policy selects do not meet it, and connections that exist do not either,
// so that it has no part in what other tests measure.
func startPolicies(r *reaper, dir string, l layout, name string) (*child, error) {
	policies, err := r.start(name+".networkpolicies", filepath.Join(l.Bin, "networkpolicies"),
		"--kubeconfig="+filepath.Join(dir, "control-plane.kubeconfig"), "--node="+name, "--ready="+policiesSocket,
		fmt.Sprintf("--ipv6=%t", l.IPv6))
	if err != nil {
		return nil, err
	}
	return policies, waitSocket(policies, policiesSocket)
}

// waitSocket returns when a program listens on a Unix socket.
func waitSocket(program *child, path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-program.ended:
			return program.failure()
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s: %w", program.name, path, err)
		case <-tick.C:
		}
	}
}
