package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// AddRule puts a rule before all others for packets that node n (counted from 1)
// forwards, in the words of iptables: "-p tcp --dport 6222 -j DROP". One that accepts
// goes past the enforcement of NetworkPolicies. It ends with the returned function.
func (c *Cluster) AddRule(ctx context.Context, n int, rule string) (remove func() error, err error) {
	space, err := c.nodeNetwork(n)
	if err != nil {
		return nil, err
	}
	program := "iptables"
	if c.layout.IPv6 {
		program = "ip6tables"
	}
	run := func(action string) error {
		args := append([]string{"--wait", "--table", "mangle", action, "FORWARD"}, strings.Fields(rule)...)
		return inNetwork(space, func() error {
			output, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s on node %d: %w: %s", program, n, err, strings.TrimSpace(string(output)))
			}
			return nil
		})
	}
	if err := run("--insert"); err != nil {
		return nil, errors.Join(err, space.Close())
	}
	return func() error { return errors.Join(run("--delete"), space.Close()) }, nil
}

// nodeNetwork is the network namespace of node n: that of the process of the control
// plane's whose link has the node's address.
func (c *Cluster) nodeNetwork(n int) (netns.NsHandle, error) {
	if !c.Own() {
		return netns.None(), errForeign
	}
	keeper, running := runningKeeper(c.dir)
	if !running {
		return netns.None(), errors.New("the cluster is not up")
	}
	controlPlane, err := firstChild(keeper)
	if err != nil {
		return netns.None(), err
	}
	programs, err := childrenOf(controlPlane)
	if err != nil {
		return netns.None(), err
	}
	for _, pid := range programs {
		space, err := netns.GetFromPid(pid)
		if err != nil {
			continue
		}
		if hasAddress(space, c.layout.node(n).AsSlice()) {
			return space, nil
		}
		_ = space.Close()
	}
	return netns.None(), fmt.Errorf("no process of the cluster has the network of node %d", n)
}

func hasAddress(space netns.NsHandle, ip net.IP) bool {
	handle, err := netlink.NewHandleAt(space)
	if err != nil {
		return false
	}
	defer handle.Close()
	link, err := handle.LinkByName(nodeLink)
	if err != nil {
		return false
	}
	addresses, err := handle.AddrList(link, netlink.FAMILY_ALL)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if a.IP.Equal(ip) {
			return true
		}
	}
	return false
}
