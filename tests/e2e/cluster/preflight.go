package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// tools are the parts that come from the machine's packages.
type tools struct {
	// cni is the folder of the CNI plugins.
	cni string
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`)

// Preflight says at once, and all together, what a cluster would lack. Up calls
// it; call it before work that only a cluster makes worthwhile.
func Preflight(cfg Config) error {
	_, err := preflight(cfg)
	return err
}

// needRoot is the error of a caller who is not root.
func needRoot() error {
	if os.Geteuid() == 0 {
		return nil
	}
	return errors.New("a cluster needs root (namespaces, control groups, mounts): run this as root or with sudo")
}

func preflight(cfg Config) (tools, error) {
	var found tools
	if !nameForm.MatchString(cfg.Name) {
		return found, fmt.Errorf("cluster name %q: want 1 to 16 lower-case letters and digits", cfg.Name)
	}
	if cfg.Nodes < 1 || cfg.Nodes > 9 {
		return found, fmt.Errorf("%d nodes: want 1 to 9", cfg.Nodes)
	}
	if err := needRoot(); err != nil {
		return found, err
	}
	var missing []string
	for _, program := range []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "iptables-restore", "wget", "ldd"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} {
		if hasPlugins(dir) {
			found.cni = dir
			break
		}
	}
	if found.cni == "" {
		missing = append(missing, "CNI plugins (ptp, host-local, loopback)")
	}
	if len(missing) > 0 {
		return found, fmt.Errorf("not installed: %s; install with: tests/e2e/install-deps.sh", strings.Join(missing, ", "))
	}
	if cfg.IPv6 {
		if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil {
			return found, errors.New("this kernel has no IPv6: an IPv6 cluster cannot run here")
		}
	}
	return found, nil
}

func hasPlugins(dir string) bool {
	for _, plugin := range []string{"ptp", "host-local", "loopback"} {
		if _, err := os.Stat(filepath.Join(dir, plugin)); err != nil {
			return false
		}
	}
	return true
}
