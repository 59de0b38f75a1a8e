package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// CutNode takes node n (counted from 1) off the network. Its pods go on
// running there, unseen.
func (c *Cluster) CutNode(n int) error {
	return c.onBridge(n, func(h *netlink.Handle, port netlink.Link) error { return h.LinkSetDown(port) })
}

// HealNode undoes CutNode.
func (c *Cluster) HealNode(n int) error {
	return c.onBridge(n, func(h *netlink.Handle, port netlink.Link) error { return h.LinkSetUp(port) })
}

// NodeName is the Kubernetes name of node n.
func (c *Cluster) NodeName(n int) string { return c.layout.nodeName(n) }

func (c *Cluster) onBridge(n int, change func(*netlink.Handle, netlink.Link) error) error {
	space, err := c.controlPlaneNetwork()
	if err != nil {
		return err
	}
	defer space.Close()
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return fmt.Errorf("entering the control plane's network: %w", err)
	}
	defer handle.Close()
	port, err := handle.LinkByName(bridgePort(n))
	if err != nil {
		return fmt.Errorf("finding the link of node %d: %w", n, err)
	}
	if err := change(handle, port); err != nil {
		return fmt.Errorf("changing the link of node %d: %w", n, err)
	}
	return nil
}

// controlPlaneNetwork is the network namespace of the control plane, in which the
// nodes' bridge is.
func (c *Cluster) controlPlaneNetwork() (netns.NsHandle, error) {
	if !c.Own() {
		return netns.None(), errForeign
	}
	keeper, running := runningKeeper(c.dir)
	if !running {
		return netns.None(), errors.New("the cluster is not up")
	}
	first, err := firstChild(keeper)
	if err != nil {
		return netns.None(), err
	}
	space, err := netns.GetFromPid(first)
	if err != nil {
		return netns.None(), fmt.Errorf("entering the control plane's network: %w", err)
	}
	return space, nil
}

// firstChild is the only child of the keeper: the control plane.
func firstChild(keeper int) (int, error) {
	children, err := childrenOf(keeper)
	if err != nil {
		return 0, fmt.Errorf("looking for the control plane: %w", err)
	}
	if len(children) == 0 {
		return 0, errors.New("the cluster has no control plane")
	}
	return children[0], nil
}

// childrenOf are the processes that a process started.
func childrenOf(pid int) ([]int, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, fmt.Errorf("listing the children of process %d: %w", pid, err)
	}
	var children []int
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			children = append(children, child)
		}
	}
	return children, nil
}

// KillContainer sends SIGKILL to every process of a container. id is its
// container ID as in a pod's status ("containerd://…").
func (c *Cluster) KillContainer(id string) error {
	if !c.Own() {
		return errForeign
	}
	_, short, found := strings.Cut(id, "://")
	if !found || short == "" {
		return fmt.Errorf("container ID %q: want containerd://…", id)
	}
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	killed := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), "/coder-ha-"+c.layout.Name) || !strings.Contains(string(text), short) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("killing process %d: %w", pid, err)
		}
		killed++
	}
	if killed == 0 {
		return fmt.Errorf("no process of container %s on this machine", short)
	}
	return nil
}

// Keeper is the process number of the cluster's keeper, 0 without one.
func (c *Cluster) Keeper() int {
	pid, running := runningKeeper(c.dir)
	if !running {
		return 0
	}
	return pid
}
