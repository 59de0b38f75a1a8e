package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const cgroupRoot = "/sys/fs/cgroup"

// hierarchies are the roots of the control group trees: one on cgroup v2, one
// for each controller on v1.
func hierarchies() ([]string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(cgroupRoot, &stat); err != nil {
		return nil, fmt.Errorf("looking at %s: %w", cgroupRoot, err)
	}
	if stat.Type == unix.CGROUP2_SUPER_MAGIC {
		return []string{cgroupRoot}, nil
	}
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", cgroupRoot, err)
	}
	var roots []string
	for _, entry := range entries {
		dir := filepath.Join(cgroupRoot, entry.Name())
		if entry.Type()&fs.ModeSymlink != 0 {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil {
			roots = append(roots, dir)
		}
	}
	return roots, nil
}

// makeCgroup makes a control group of this name in every hierarchy.
func makeCgroup(name string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making control group %s: %w", dir, err)
		}
		// A new cpuset of v1 has no CPUs until it is given some.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(root, file))
			if err != nil {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
				return fmt.Errorf("setting %s of control group %s: %w", file, dir, err)
			}
		}
	}
	return nil
}

// cgroupTimeout is how long the kernel may take to let go of a control group
// whose processes have ended.
const cgroupTimeout = 10 * time.Second

// removeTraces removes what outlives the cluster's namespaces.
func removeTraces(l layout) error {
	failures := []error{removeHostLink(l)}
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for n := 1; n <= l.Nodes; n++ {
		for _, root := range roots {
			failures = append(failures, removeCgroup(filepath.Join(root, l.cgroup(n))))
		}
	}
	return errors.Join(failures...)
}

func removeCgroup(dir string) error {
	deadline := time.Now().Add(cgroupTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := removeTree(dir)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		<-tick.C
	}
}

// removeTree removes a control group and those in it, deepest first: their
// files are the kernel's, only the folders can be removed.
func removeTree(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("looking through control group %s: %w", dir, err)
	}
	slices.Reverse(dirs)
	for _, d := range dirs {
		if err := unix.Rmdir(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing control group %s: %w", d, err)
		}
	}
	return nil
}
