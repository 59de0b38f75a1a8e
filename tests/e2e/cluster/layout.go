package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
)

// layout is everything about a cluster that its processes have to agree on.
// It is written to the state directory and read by each of them.
type layout struct {
	Name  string
	Nodes int
	IPv6  bool
	// Slot tells clusters of one machine apart, 0 to 15: it is part of every
	// address.
	Slot int
	// Bin is the folder of the Kubernetes binaries, CNI that of the CNI
	// plugins.
	Bin, CNI string
	Images   []string
}

const (
	layoutFile  = "layout.json"
	failureFile = "failure"
	slots       = 16
)

// newLayout takes the first slot whose link to the machine is not in use.
func newLayout(cfg Config) (layout, error) {
	addrs, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return layout{}, fmt.Errorf("listing this machine's addresses: %w", err)
	}
	for slot := range slots {
		lay := layout{Name: cfg.Name, Nodes: cfg.Nodes, IPv6: cfg.IPv6, Slot: slot}
		taken := false
		for _, addr := range addrs {
			taken = taken || addr.Contains(net.IP(lay.hostAddress().AsSlice()))
		}
		if !taken {
			return lay, nil
		}
	}
	return layout{}, errors.New("all of 198.18.0.0/16 is in use on this machine; remove the interface that has it")
}

func (l layout) write(dir string) error {
	// Others may pass through to a kubeconfig of theirs, and list nothing.
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return fmt.Errorf("making the cluster's folder: %w", err)
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the cluster's layout: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, layoutFile), text, 0o600); err != nil {
		return fmt.Errorf("writing the cluster's layout: %w", err)
	}
	return nil
}

func readLayout(dir string) (layout, error) {
	var l layout
	text, err := os.ReadFile(filepath.Join(dir, layoutFile))
	if err != nil {
		return l, fmt.Errorf("reading the cluster's layout: %w", err)
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("reading %s: %w", filepath.Join(dir, layoutFile), err)
	}
	return l, nil
}

// Addresses come from 198.18.0.0/15, set apart by RFC 2544 for benchmarks, and
// from a unique local IPv6 prefix (RFC 4193): neither is routed anywhere.

func (l layout) v4(third, fourth int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(16*l.Slot + third), byte(fourth)})
}

func (l layout) v6(subnet, host int) netip.Addr {
	a := [16]byte{0: 0xfd, 1: 0x63, 2: 0x68, 3: 0x61, 5: byte(l.Slot), 7: byte(subnet), 15: byte(host)}
	return netip.AddrFrom16(a)
}

func (l layout) address(subnet, host int) netip.Addr {
	if l.IPv6 {
		return l.v6(subnet, host)
	}
	return l.v4(subnet, host)
}

// prefixLength is that of the nodes' network and of each node's pod range.
func (l layout) prefixLength() int {
	if l.IPv6 {
		return 64
	}
	return 24
}

func (l layout) family() string {
	if l.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// controlPlane is where the nodes find the API server and the name server.
func (l layout) controlPlane() netip.Addr { return l.address(0, 1) }

// node is the address of node n, counted from 1.
func (l layout) node(n int) netip.Addr { return l.address(0, 10+n) }

func (l layout) nodeName(n int) string { return fmt.Sprintf("%s-node-%d", l.Name, n) }

// podRange is where the pods of node n get their addresses.
func (l layout) podRange(n int) netip.Prefix {
	return netip.PrefixFrom(l.address(n, 0), l.prefixLength())
}

// podNetwork covers the pod ranges of all nodes.
func (l layout) podNetwork() netip.Prefix {
	if l.IPv6 {
		return netip.PrefixFrom(l.v6(0, 0), 56)
	}
	return netip.PrefixFrom(l.v4(0, 0), 20)
}

// services is the range of the Services' addresses.
func (l layout) services() netip.Prefix {
	if l.IPv6 {
		return netip.PrefixFrom(l.v6(0xff, 0), 112)
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 19, byte(l.Slot), 0}), 24)
}

// hostAddress is the machine's own end of the link to the control plane, which
// is IPv4 in every cluster: the machine may have no IPv6.
func (l layout) hostAddress() netip.Addr { return l.v4(15, 1) }

// apiAddress is the control plane's end of that link.
func (l layout) apiAddress() netip.Addr { return l.v4(15, 2) }

const hostLinkLength = 30

// hostLink is the name of the only interface that the machine itself gets.
func (l layout) hostLink() string { return fmt.Sprintf("coderha%d", l.Slot) }

// hostLinkAlias marks the interface as this cluster's.
func (l layout) hostLinkAlias() string { return "coder-ha test cluster " + l.Name }

// cgroup is the name of node n's control group, in every hierarchy.
func (l layout) cgroup(n int) string { return "coder-ha-" + l.nodeName(n) }

func (l layout) apiURL() string {
	return "https://" + netip.AddrPortFrom(l.controlPlane(), 6443).String()
}

func (l layout) hostAPIURL() string {
	return "https://" + netip.AddrPortFrom(l.apiAddress(), 6443).String()
}
