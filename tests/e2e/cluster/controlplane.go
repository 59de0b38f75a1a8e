package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Times of a failover. They are shorter than Kubernetes' own so that tests of
// lost nodes end; what is measured with them says so.
const (
	// NodeGracePeriod is how long a node may be silent before it counts as
	// not ready (Kubernetes' own: 50 s).
	NodeGracePeriod = 8 * time.Second
	// UnreachableToleration is how long pods stay on such a node before they
	// are evicted (Kubernetes' own: 300 s).
	UnreachableToleration = 20 * time.Second
)

// playControlPlane is PID 1 of the cluster.
func playControlPlane(dir string, _ []string) error {
	l, err := readLayout(dir)
	if err != nil {
		return err
	}
	// The end of the keeper, however it comes, is the end of the cluster.
	go func() {
		_, _ = os.NewFile(3, "leash").Read(make([]byte, 1))
		os.Exit(0)
	}()
	if err := ownMounts(); err != nil {
		return err
	}
	if err := makeBridge(l); err != nil {
		return err
	}
	r := newReaper(logDir(dir))
	programs, err := startControlPlane(r, dir, l)
	if err != nil {
		return err
	}
	for n := 1; n <= l.Nodes; n++ {
		node, err := startNode(r, dir, l, n)
		if err != nil {
			return err
		}
		programs = append(programs, node)
	}
	return firstEnd(programs)
}

func startControlPlane(r *reaper, dir string, l layout) ([]*child, error) {
	file := func(name string) string { return filepath.Join(dir, name) }
	bind := "0.0.0.0"
	if l.IPv6 {
		bind = "::"
	}
	corefile, err := writeCorefile(dir, l)
	if err != nil {
		return nil, err
	}
	seconds := func(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }
	commands := [][]string{
		{
			"etcd", "--data-dir=/run/etcd", "--unsafe-no-fsync", "--log-level=warn",
			"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=default=http://127.0.0.1:2380",
		},
		{
			"kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--bind-address=" + bind,
			"--advertise-address=" + l.controlPlane().String(), "--secure-port=6443",
			"--service-cluster-ip-range=" + l.services().String(),
			"--tls-cert-file=" + file("apiserver.crt"), "--tls-private-key-file=" + file("apiserver.key"),
			"--client-ca-file=" + file("ca.crt"), "--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + file("service-account.key"),
			"--service-account-signing-key-file=" + file("service-account.key"),
			"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
			"--kubelet-client-certificate=" + file("control-plane.kubeconfig.crt"),
			"--kubelet-client-key=" + file("control-plane.kubeconfig.key"),
			"--kubelet-preferred-address-types=InternalIP", "--allow-privileged",
			"--default-unreachable-toleration-seconds=" + seconds(UnreachableToleration),
			"--default-not-ready-toleration-seconds=" + seconds(UnreachableToleration),
			// Policies that change objects are not on by themselves yet.
			"--feature-gates=MutatingAdmissionPolicy=true", "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
		},
		{
			"kube-controller-manager", "--kubeconfig=" + file("controller-manager.kubeconfig"), "--leader-elect=false",
			"--use-service-account-credentials", "--root-ca-file=" + file("ca.crt"),
			"--service-account-private-key-file=" + file("service-account.key"),
			"--node-monitor-period=2s", "--node-monitor-grace-period=" + NodeGracePeriod.String(),
		},
		{"kube-scheduler", "--kubeconfig=" + file("scheduler.kubeconfig"), "--leader-elect=false"},
		{"coredns", "-conf", corefile},
	}
	var programs []*child
	for _, command := range commands {
		program, err := r.start(command[0], filepath.Join(l.Bin, command[0]), command[1:]...)
		if err != nil {
			return nil, err
		}
		programs = append(programs, program)
	}
	return programs, nil
}

// writeCorefile lets the name server answer for the cluster and for nothing
// else: names of the outside do not exist here.
func writeCorefile(dir string, l layout) (string, error) {
	path := filepath.Join(dir, "Corefile")
	text := fmt.Sprintf(`.:53 {
    bind %s
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig %s coder-ha
        ttl 5
    }
    template ANY ANY . {
        rcode NXDOMAIN
    }
}
`, l.controlPlane(), filepath.Join(dir, "control-plane.kubeconfig"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("writing the name server's configuration: %w", err)
	}
	return path, nil
}

// startNode starts the first process of node n and gives it its link.
func startNode(r *reaper, dir string, l layout, n int) (*child, error) {
	gate, open, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making the gate of node %d: %w", n, err)
	}
	defer open.Close()
	defer gate.Close()
	node, err := r.startRole(roleNode, l.nodeName(n), &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
	}, gate, dir, fmt.Sprint(n))
	if err != nil {
		return nil, err
	}
	if err := joinNode(n, node.pid); err != nil {
		return nil, err
	}
	if _, err := open.Write([]byte{1}); err != nil {
		return nil, fmt.Errorf("letting node %d go on: %w", n, err)
	}
	return node, nil
}
