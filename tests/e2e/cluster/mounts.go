package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ownMounts cuts this process's mounts off from the machine's and gives it a
// /proc that fits its process namespace and an empty /run.
func ownMounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := unix.Mount("run", "/run", "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return fmt.Errorf("mounting /run: %w", err)
	}
	return nil
}

// nodeMounts gives a node its own /var/lib and /var/log, and the kernel
// settings that the kubelet insists on without setting them for the machine.
func nodeMounts(varLib, varLog string) error {
	for from, to := range map[string]string{varLib: "/var/lib", varLog: "/var/log"} {
		if err := os.MkdirAll(from, 0o755); err != nil {
			return fmt.Errorf("making the node's %s: %w", to, err)
		}
		if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting the node's %s: %w", to, err)
		}
	}
	const settings = "/run/kernel-settings"
	if err := os.Mkdir(settings, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", settings, err)
	}
	// The kubelet's own list: pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables.
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	} {
		target := filepath.Join("/proc/sys", name)
		if _, err := os.Stat(target); err != nil {
			continue
		}
		source := filepath.Join(settings, filepath.Base(name))
		if err := os.WriteFile(source, []byte(value+"\n"), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", source, err)
		}
		if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("covering %s: %w", target, err)
		}
	}
	// Pods may ask for mounts that travel between them and the node.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("sharing the node's mounts with its pods: %w", err)
	}
	return nil
}
